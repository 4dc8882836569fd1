using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>
/// A session with a token that is logged in: its keys, and the wraps that it keeps as private data objects. Thread-safe, but for
/// <see cref="Dispose"/> while another call runs. After <see cref="HsmFailure.TokenLost"/> it is disposed and the token opened again.
/// </summary>
public sealed partial class HsmToken : IDisposable
{
    private const string ApplicationName = "broker";
    private const int MostObjects = 8;
    private const int MostWraps = 4096;
    private const int MaxObject = 2048;

    private readonly HsmModule _module;
    private readonly ulong _slot;
    private int _disposed;

    internal HsmToken(HsmModule module, Cryptoki calls, ulong slot, ulong session) =>
        (_module, Calls, _slot, Session) = (module, calls, slot, session);

    /// <summary>The module's calls, to be made inside <see cref="Run"/> only.</summary>
    internal Cryptoki Calls { get; }

    /// <summary>The session's handle.</summary>
    internal ulong Session { get; }

    /// <summary>
    /// Keeps a wrap as a private data object. One that was there for the same making goes only when the new one has
    /// been read back; where that is interrupted both are there, and <see cref="FindWraps"/> gives both.
    /// </summary>
    /// <exception cref="HsmException">The token was not opened for administering, has no room, or refused.</exception>
    public void KeepWrap(SealedWrap wrap)
    {
        var label = SealedWrap.ObjectLabel(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way, wrap.Split);
        var value = wrap.Encode();
        Run(() =>
        {
            var before = Data(label);
            var made = Calls.CreateObject(Session, DataTemplate(label).Flag(Ck.Token, true).Flag(Ck.Private, true).Bytes(Ck.Value, value));
            if (!Value(made).AsSpan().SequenceEqual(value))
            {
                Calls.DestroyObject(Session, made);
                throw new HsmException(HsmFailure.Refused, "the token does not keep the wrap as it was given; choose another token");
            }

            foreach (var old in before)
                Calls.DestroyObject(Session, old);
            return true;
        });
    }

    /// <summary>The wraps that the token keeps for a making of a way; none, one, or two after an interrupted replacement.</summary>
    /// <exception cref="HsmException">
    /// <see cref="HsmFailure.WrapUnreadable"/>: something is kept under the label, but no wrap of this making.
    /// </exception>
    public IReadOnlyList<SealedWrap> FindWraps(Name cluster, Name customer, uint epoch, Name way, Id16 split)
    {
        var values = Run(() => Data(SealedWrap.ObjectLabel(cluster, customer, epoch, way, split)).Select(Value).ToList());
        var wraps = values.Select(Read).OfType<SealedWrap>()
            .Where(w => w.Cluster == cluster && w.Customer == customer && w.Epoch == epoch && w.Way == way && w.Split == split).ToList();
        return wraps.Count > 0 || values.Count == 0
            ? wraps
            : throw new HsmException(
                HsmFailure.WrapUnreadable, "what the token keeps under the wrap's label is no wrap; keep the wrap again");
    }

    /// <summary>
    /// Every wrap that the token keeps, of whatever customer and making, 4096 at most: also one whose enrolment or change of custody was
    /// never ended, and which no custody record names. What is no wrap is left out.
    /// </summary>
    /// <exception cref="HsmException">The token refused, or went away.</exception>
    public IReadOnlyList<SealedWrap> AllWraps() =>
        [.. Run(() => Calls.Find(Session, DataTemplate(), MostWraps).Select(Value).ToList()).Select(Read).OfType<SealedWrap>()];

    /// <summary>Removes what the token keeps for a making of a way, for instance after a rotation.</summary>
    /// <returns>Whether there was something.</returns>
    public bool RemoveWraps(Name cluster, Name customer, uint epoch, Name way, Id16 split) => Run(() =>
    {
        var found = Data(SealedWrap.ObjectLabel(cluster, customer, epoch, way, split));
        foreach (var target in found)
            Calls.DestroyObject(Session, target);
        return found.Length > 0;
    });

    /// <summary>
    /// Ends the session; with the last one of the token in this process it logs out. Waits no longer than a call may take.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _module.Leave(_slot, Session);
    }

    /// <summary>Calls into the module in its turn, on this session.</summary>
    internal T Run<T>(Func<T> call)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _module.Run(call);
    }

    private static SealedWrap? Read(byte[] value)
    {
        try
        {
            return Statement.Read<SealedWrap>(value);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static Template DataTemplate() => new Template().Number(Ck.Class, Ck.ClassData).Text(Ck.Application, ApplicationName);

    private static Template DataTemplate(string label) => DataTemplate().Text(Ck.Label, label);

    private ulong[] Data(string label) => Calls.Find(Session, DataTemplate(label), MostObjects);

    private byte[] Value(ulong target)
    {
        var value = new byte[MaxObject];
        var length = Calls.Read(Session, target, Ck.Value, value);
        return length < 0 ? [] : value[..length];
    }
}

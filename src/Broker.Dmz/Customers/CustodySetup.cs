using System.Security.Cryptography;
using Broker.Dmz.Node;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// The making of a customer's custody: every way that was asked for, sealed to its holders, and what they have confirmed so far.
/// Of what was sealed it keeps only the keys that tell a true confirmation.
/// </summary>
internal sealed class CustodySetup : IDisposable
{
    private readonly List<Part> _parts;

    private CustodySetup(
        List<Part> parts, IReadOnlyList<SealedWrap> tokenWraps, CustodyRecord record, Signed signed, byte[] challenge, EnrolledModel model)
    {
        _parts = parts;
        (TokenWraps, Record, Signed, Challenge, Model) = (tokenWraps, record, signed, challenge, model);
    }

    /// <summary>Wraps of ways of kind <c>hsm</c>: for the node's own tokens, which keep and confirm them. They go nowhere else.</summary>
    public IReadOnlyList<SealedWrap> TokenWraps { get; }

    /// <summary>The custody record.</summary>
    public CustodyRecord Record { get; }

    /// <summary>It, signed by the identity key of its epoch.</summary>
    public Signed Signed { get; }

    /// <summary>32 bytes that each holder answers.</summary>
    public byte[] Challenge { get; }

    /// <summary>What goes to whoever asked: what is sealed to people and their keys is here and nowhere else.</summary>
    public EnrolledModel Model { get; }

    /// <summary>Confirmations that are needed.</summary>
    public int Needed => _parts.Count;

    /// <summary>What has been confirmed: <c>shares/2</c>, or the way of a wrap.</summary>
    public IReadOnlyList<string> Confirmed => [.. _parts.Where(static p => p.IsConfirmed).Select(static p => p.Text)];

    /// <summary>Whether every holder has confirmed.</summary>
    public bool IsComplete => _parts.TrueForAll(static p => p.IsConfirmed);

    /// <summary>Buffers of locked memory that this owns.</summary>
    public int Secrets => _parts.Count;

    /// <summary>Makes custody.</summary>
    /// <param name="node">The node that makes it.</param>
    /// <param name="secret">The secret, which stays the caller's.</param>
    /// <param name="ways">Ways that were checked.</param>
    /// <param name="administratorsRequired">1 or 2.</param>
    /// <param name="revision">Of the record.</param>
    /// <param name="plan">Digest of what asked for it.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="SecretMemoryExhaustedException">Nothing is left behind.</exception>
    public static CustodySetup Make(
        DmzContext node, CustomerSecret secret, IReadOnlyList<CustodyWay> ways, uint administratorsRequired, uint revision, Digest plan)
    {
        var parts = new List<Part>();
        try
        {
            var (kept, shares, wraps, tokens) =
                (new List<KeptWay>(), new List<SealedShareModel>(), new List<SealedWrapModel>(), new List<SealedWrap>());
            foreach (var way in ways)
            {
                var split = node.NewId();
                if (way.Kind == WayKind.Shares)
                {
                    var made = ShareRecord.SealAll(secret, way, split, node.Random);
                    parts.AddRange(made.Select((s, i) => new Part(way.Way, (uint)i + 1, s.Confirmation)));
                    shares.AddRange(made.Select((s, i) => new SealedShareModel((uint)i + 1, way.Holders[i].Name.Value, s.Sealed)));
                    kept.Add(new KeptWay(way, split, [.. made.Select(static s => s.Proof)]));
                }
                else
                {
                    var made = WrapRecord.Seal(secret, way.Way, split, way.Holders[0].Key, node.Random);
                    parts.Add(new Part(way.Way, 0, made.Confirmation));
                    if (way.Kind == WayKind.Hsm)
                    {
                        tokens.Add(made.Wrap);
                    }
                    else
                    {
                        wraps.Add(new SealedWrapModel(way.Way.Value, way.Kind.ToText(), made.Wrap.Encode()));
                    }

                    kept.Add(new KeptWay(way, split, [made.Proof]));
                }
            }

            var record = new CustodyRecord(
                secret.Cluster, secret.Customer, secret.Epoch, revision, kept, administratorsRequired, secret.Identity, secret.Intake,
                plan);
            var signed = secret.Sign(record);
            var challenge = node.NewNonce().ToArray();
            return new CustodySetup(
                parts, tokens, record, signed, challenge, new EnrolledModel(SignedModel.From(signed), shares, wraps, challenge));
        }
        catch
        {
            parts.ForEach(static p => p.Key.Dispose());
            throw;
        }
    }

    /// <summary>Takes a holder's confirmation.</summary>
    /// <returns>Null where it is good.</returns>
    public Refused? Confirm(string way, uint index, ReadOnlySpan<byte> answer)
    {
        if (_parts.Find(p => p.Way.Value == way && p.Index == index) is not { } part)
        {
            return new Refused(Codes.ConfirmationWrong, "there is no share of that index, or no such way of custody");
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(part.Key.Span, Challenge, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, answer))
        {
            return new Refused(Codes.ConfirmationWrong, "the answer is not that of this holder to the current challenge");
        }

        part.IsConfirmed = true;
        return null;
    }

    /// <summary>Wipes the keys of the confirmations.</summary>
    public void Dispose() => _parts.ForEach(static p => p.Key.Dispose());

    private sealed record Part(Name Way, uint Index, SecretBuffer Key)
    {
        public bool IsConfirmed { get; set; }

        public string Text => Index == 0 ? Way.Value : $"{Way}/{Index}";
    }
}

using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>
/// A PKCS#11 module, loaded once by the process that uses it. Thread-safe: its calls, and those of all its tokens, run one at a time,
/// each bounded in time.
/// </summary>
/// <remarks>
/// The module is code of its vendor in this process: it can read what the process can. Load only what the ops team installed. Some find a
/// token that was put back only when they begin: where one stays <see cref="HsmFailure.TokenMissing"/>, dispose the module and load it
/// again.
/// </remarks>
public sealed class HsmModule : IDisposable
{
    /// <summary>How long a call is waited for where nothing else is said.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(10);

    private readonly Cryptoki _calls;
    private readonly CallLane _lane;
    private readonly Dictionary<ulong, Login> _logins = [];
    private int _disposed;

    private HsmModule(Cryptoki calls, CallLane lane) => (_calls, _lane) = (calls, lane);

    /// <summary>Loads and initializes a module.</summary>
    /// <param name="path">Absolute path of the shared library.</param>
    /// <param name="time">The clock of the limit.</param>
    /// <param name="limit">How long each call is waited for.</param>
    /// <returns>The module, disposed by the caller after its tokens.</returns>
    /// <exception cref="HsmException">It is missing or unusable, or something else in this process uses it.</exception>
    public static HsmModule Load(string path, TimeProvider time, TimeSpan limit) => Begin(() => Cryptoki.Load(path), time, limit);

    /// <summary>The tokens that are in slots now.</summary>
    public IReadOnlyList<HsmTokenInfo> Tokens() => Run(() => (IReadOnlyList<HsmTokenInfo>)[.. Present().Select(static t => t.Info)]);

    /// <summary>Opens a token and logs in.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="pin">
    /// Its PIN, which stays the caller's to wipe. Where the token is open here already, it is compared with the PIN of then: a logged-in
    /// process would not be asked for it again.
    /// </param>
    /// <param name="use">What for.</param>
    /// <returns>A session with the token, which the caller disposes.</returns>
    /// <exception cref="HsmException">
    /// No such token, the PIN is wrong or not to be tried, and all else that can go wrong with a token.
    /// </exception>
    public HsmToken Open(HsmTokenName name, SecretBuffer pin, HsmUse use)
    {
        // The call may outlive this one's caller, so it has a PIN of its own.
        var copy = SecretBuffer.CopyOf(pin.Span);
        return Run(() => Enter(name, copy, use), copy);
    }

    /// <summary>Shuts the module down; sessions that are still open end. A module that hangs is left as it is.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _lane.End(() =>
            {
                _calls.End();
                foreach (var login in _logins.Values)
                    login.Dispose();
                _logins.Clear();
            });
        }
    }

    /// <summary>Initializes a module that something else loads.</summary>
    internal static HsmModule Begin(Func<Cryptoki> load, TimeProvider time, TimeSpan limit)
    {
        var lane = new CallLane(limit, time);
        return lane.Run(() =>
        {
            var calls = load();
            calls.Initialize();
            return new HsmModule(calls, lane);
        });
    }

    /// <summary>Calls into the module in its turn.</summary>
    internal T Run<T>(Func<T> call, IDisposable? owned = null)
    {
        if (_disposed != 0)
        {
            owned?.Dispose();
            throw new ObjectDisposedException(nameof(HsmModule));
        }

        return _lane.Run(call, owned);
    }

    /// <summary>Ends a session, and logs out with the last one of its slot.</summary>
    internal void Leave(ulong slot, ulong session)
    {
        if (_disposed == 0)
            _lane.End(() => LeaveInTurn(slot, session));
    }

    private void LeaveInTurn(ulong slot, ulong session)
    {
        if (!_logins.TryGetValue(slot, out var login))
            return;

        if (--login.Sessions == 0)
        {
            _calls.Logout(session);
            login.Dispose();
            _logins.Remove(slot);
        }

        _calls.CloseSession(session);
    }

    private HsmToken Enter(HsmTokenName name, SecretBuffer pin, HsmUse use)
    {
        var (slot, info) = Find(name);
        var login = _logins.GetValueOrDefault(slot);
        Admit(name, info, login, pin, use);
        var session = _calls.OpenSession(slot, use != HsmUse.Unlock);
        try
        {
            var result = _calls.Login(session, pin);
            if (result != Ckr.Ok && (result != Ckr.UserAlreadyLoggedIn || login is null))
            {
                throw Ckr.Error(result, "C_Login", HsmTokenInfo.Of(_calls.TokenOf(slot)).PinTries);
            }

            if (login is null)
                _logins[slot] = login = new Login(pin);
            login.Sessions++;
            return new HsmToken(this, _calls, slot, session);
        }
        catch
        {
            _calls.CloseSession(session);
            throw;
        }
    }

    private static void Admit(HsmTokenName name, HsmTokenInfo info, Login? login, SecretBuffer pin, HsmUse use)
    {
        if (info.PinTries == HsmPinTries.Locked)
            throw new HsmException(
                HsmFailure.PinLocked, $"the PIN of the token {name} is locked; have its security officer reset it", tries: info.PinTries);
        if (!info.IsReady)
            throw new HsmException(HsmFailure.TokenNotReady, $"the token {name} is not ready; initialize it and set its user PIN");
        if (login is not null && !login.IsOf(pin))
            throw new HsmException(
                HsmFailure.PinWrong, "the PIN is not the one with which the token is open here; look it up", tries: info.PinTries);
        if (login is null && use != HsmUse.Administer && info.PinTries != HsmPinTries.Untouched)
        {
            throw new HsmException(
                HsmFailure.PinTriesLow,
                $"a wrong PIN was given to the token {name} before; log in once with the right one by hand, then try again",
                tries: info.PinTries);
        }
    }

    private (ulong Slot, HsmTokenInfo Info) Find(HsmTokenName name)
    {
        var found = Present()
            .Where(t => name.Label is null || t.Info.Label == name.Label)
            .Where(t => name.Serial is null || t.Info.Serial == name.Serial).ToList();
        return found switch
        {
            [] => throw new HsmException(HsmFailure.TokenMissing, $"no slot holds a token with {name}; insert it, or name another"),
            [var only] => only,
            _ => throw new HsmException(HsmFailure.TokenAmbiguous, $"{found.Count} tokens have {name}; give the serial number too"),
        };
    }

    private List<(ulong Slot, HsmTokenInfo Info)> Present()
    {
        var tokens = new List<(ulong, HsmTokenInfo)>();
        foreach (var slot in _calls.SlotsWithToken())
        {
            try
            {
                tokens.Add((slot, HsmTokenInfo.Of(_calls.TokenOf(slot))));
            }
            catch (HsmException problem) when (problem.Failure is HsmFailure.TokenLost or HsmFailure.TokenNotReady)
            {
                // Taken out between the two calls, or of a kind that the module does not know: not here.
            }
        }

        return tokens;
    }

    /// <summary>The PIN with which this process is logged in at a slot, as its hash in locked memory, while sessions are open.</summary>
    private sealed class Login : IDisposable
    {
        private readonly SecretBuffer _pin = SecretBuffer.Allocate(SHA256.HashSizeInBytes);

        public Login(SecretBuffer pin) => SHA256.HashData(pin.Span, _pin.Span);

        public int Sessions { get; set; }

        public bool IsOf(SecretBuffer pin)
        {
            using var hash = SecretBuffer.Allocate(SHA256.HashSizeInBytes);
            SHA256.HashData(pin.Span, hash.Span);
            return _pin.FixedTimeEquals(hash.Span);
        }

        public void Dispose() => _pin.Dispose();
    }
}

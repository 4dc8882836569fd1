using System.Collections.Concurrent;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Gateway;

/// <summary>Who logged in.</summary>
internal sealed record Login(Name Customer, Name User, Role Role, DateTimeOffset Expires);

/// <summary>
/// Tokens of logins: they read metadata on this node for some minutes and never cause an effect. Only their hashes are kept.
/// </summary>
internal sealed class LoginTokens(TimeProvider time, RandomFill random)
{
    private const int Capacity = 10_000;
    private const int Length = 32;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Digest, Login> _logins = new();

    /// <summary>Issues a token; null when too many are out.</summary>
    public (string Token, DateTimeOffset Expires)? Issue(Name customer, Name user, Role role)
    {
        var now = time.GetUtcNow();
        if (_logins.Count >= Capacity)
        {
            foreach (var (key, login) in _logins)
            {
                if (login.Expires < now)
                {
                    _logins.TryRemove(key, out _);
                }
            }

            if (_logins.Count >= Capacity)
            {
                return null;
            }
        }

        var bytes = new byte[Length];
        random(bytes);
        var expires = now + Life;
        _logins[Digest.Of(bytes)] = new Login(customer, user, role, expires);
        return (Convert.ToHexStringLower(bytes), expires);
    }

    /// <summary>The login of an <c>Authorization</c> header, or null.</summary>
    public Login? Find(string? header)
    {
        const string Scheme = "Bearer ";
        var bytes = new byte[Length];
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ||
            Convert.FromHexString(header.AsSpan(Scheme.Length), bytes, out _, out var written) != System.Buffers.OperationStatus.Done ||
            written != Length)
        {
            return null;
        }

        return _logins.TryGetValue(Digest.Of(bytes), out var login) && login.Expires > time.GetUtcNow() ? login : null;
    }
}

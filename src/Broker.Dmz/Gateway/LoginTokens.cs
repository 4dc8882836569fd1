using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Gateway;

/// <summary>Who logged in.</summary>
internal sealed record Login(Name Customer, Name User, Role Role, DateTimeOffset Expires);

/// <summary>
/// Tokens of logins: they read metadata for some minutes and never cause an effect. A token is the login itself, as its user signed it, so
/// it counts at every node, and the death of one ends none. What was verified is remembered by its hash, so that it is done once a node.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="capacity">Logins that are remembered; others are verified at each use.</param>
internal sealed class LoginTokens(TimeProvider time, int capacity = LoginTokens.Capacity)
{
    private const int Capacity = 10_000;

    // A login says nothing but who and until when; headers have to have room for it.
    private const int MaxLength = 2048;
    private const string Scheme = "Bearer ";

    private readonly ConcurrentDictionary<Digest, Login> _logins = new();

    /// <summary>Logins that are remembered.</summary>
    public int Count => _logins.Count;

    /// <summary>The token of a login that was verified.</summary>
    /// <returns>Null for one that is larger than a login is.</returns>
    public string? Issue(SignedRequest signed, Login login)
    {
        var token = Base64Url.EncodeToString(signed.Encode());
        if (token.Length > MaxLength)
        {
            return null;
        }

        Remember(token, login);
        return token;
    }

    /// <summary>The login of an <c>Authorization</c> header.</summary>
    /// <param name="header">The header.</param>
    /// <param name="verify">Verifies a login that this node has not seen.</param>
    /// <returns>Null where there is none that counts.</returns>
    public async Task<Login?> Find(string? header, Func<Name, SignedRequest, Task<Result<Login>>> verify)
    {
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.Length > Scheme.Length + MaxLength)
        {
            return null;
        }

        var token = header[Scheme.Length..];
        if (_logins.TryGetValue(Hash(token), out var known) && known.Expires > time.GetUtcNow())
        {
            return known;
        }

        // One that is over ends here: to ask would cost the zone a question, and its user a record, at each use by a console that forgot.
        if (Read(token) is not var (customer, notAfter, signed) || notAfter <= time.GetUtcNow() ||
            (await verify(customer, signed)).Value is not { } login)
        {
            return null;
        }

        Remember(token, login);
        return login;
    }

    private static (Name Customer, DateTimeOffset NotAfter, SignedRequest Signed)? Read(string token)
    {
        try
        {
            var signed = Statement.Read<SignedRequest>(Base64Url.DecodeFromChars(token));
            if (signed.Signatures.Count != 1)
            {
                return null;
            }

            var request = Statement.Read<Request>(signed.Statement.Span);
            return (request.Customer, request.NotAfter, signed);
        }
        catch (Exception problem) when (problem is MalformedException or FormatException)
        {
            return null;
        }
    }

    private void Remember(string token, Login login)
    {
        if (_logins.Count >= capacity)
        {
            var now = time.GetUtcNow();
            foreach (var (key, old) in _logins)
            {
                if (old.Expires < now)
                {
                    _logins.TryRemove(key, out _);
                }
            }
        }

        if (_logins.Count < capacity)
        {
            _logins[Hash(token)] = login;
        }
    }

    private static Digest Hash(string token) => Digest.Of(Encoding.UTF8.GetBytes(token));
}

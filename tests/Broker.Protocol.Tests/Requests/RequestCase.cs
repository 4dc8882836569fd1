using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Requests;

/// <summary>A request with everything in order; a test changes what it is about.</summary>
internal sealed record RequestCase
{
    public static readonly Name Cluster = Name.Parse("cluster-1");
    public static readonly Name Customer = Name.Parse("acme");
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000);

    public static readonly byte[] Payload = new NamePayload(Name.Parse("database")).Encode();

    public UserAction Action { get; init; } = UserAction.DeleteCredential;

    public Request Request { get; init; } = new(
        Cluster, Customer, Name.Parse("alice"), UserAction.DeleteCredential.Name, default, Now.AddMinutes(5), Digest.Of(Payload));

    public ReadOnlyMemory<byte> SentPayload { get; init; } = Payload;

    /// <summary>Who signs, first the requester: a name of the directory and the key that is really used.</summary>
    public IReadOnlyList<(string User, TestKey Key)> Signers { get; init; } = [("alice", TestKey.Alice)];

    public IReadOnlyList<UserEntry> Users { get; init; } =
    [
        User("alice", Role.Administrator, TestKey.Alice), User("bob", Role.Administrator, TestKey.Bob),
        User("alias-of-alice", Role.Administrator, TestKey.Alice), User("oscar", Role.Operator, TestKey.Carol),
    ];

    public uint AdministratorsRequired { get; init; } = 1;

    public bool Grave { get; init; }

    public DateTimeOffset Time { get; init; } = Now;

    /// <summary>What the directory answers, where it is not the entry of that name.</summary>
    public UserEntry? Answer { get; init; }

    public static UserEntry User(string name, Role role, TestKey key) => new(Cluster, Customer, Name.Parse(name), role, key.Public);

    public RequestCase As(UserAction action) => this with { Action = action, Request = Request with { Action = action.Name } };

    public RequestCase By(string user, TestKey key) =>
        this with { Request = Request with { User = Name.Parse(user) }, Signers = [(user, key), .. Signers.Skip(1)] };

    public RequestCase With(string user, TestKey key) => this with { Signers = [.. Signers, (user, key)] };

    public RequestCase Required(uint administrators) => this with { AdministratorsRequired = administrators };

    public SignedRequest Sign()
    {
        var statement = Request.Encode();
        return new(statement, SentPayload, [.. Signers.Select(s => new UserSignature(Name.Parse(s.User), s.Key.Sign(statement)))]);
    }

    public VerifiedRequest Verify(Func<SignedRequest, SignedRequest>? change = null)
    {
        // As the key actor gets it: over a link.
        var received = Statement.Read<SignedRequest>(Sign().Encode());
        return RequestVerifier.Verify(
            change?.Invoke(received) ?? received, Cluster, Customer, Action,
            name => Answer ?? Users.FirstOrDefault(u => u.User == name), AdministratorsRequired, Grave, Time);
    }

    public string? Refusal(Func<SignedRequest, SignedRequest>? change = null)
    {
        var verified = Verify(change);
        Assert.Equal(verified.Refusal is null, verified.Request is not null);
        Assert.Equal(verified.Refusal is null, verified.Requester is not null);
        return verified.Refusal;
    }
}

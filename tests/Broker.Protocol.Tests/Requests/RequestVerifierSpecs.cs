using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Requests;

public class RequestVerifierSpecs
{
    private static readonly RequestCase Good = new();

    private static readonly RequestCase Grave = Good.As(UserAction.PutUser).Required(2);

    private static readonly Dictionary<string, (string Code, Func<string?> Refusal)> Refused = new()
    {
        ["not an encoding"] = (RequestRefusal.Malformed, () => Good.Refusal(s => s with { Statement = new byte[] { 1, 2, 3 } })),
        ["empty"] = (RequestRefusal.Malformed, () => Good.Refusal(s => s with { Statement = default })),
        ["another statement, rightly signed"] = (RequestRefusal.Malformed, () => Good.Refusal(s => s with
        {
            Statement = RequestCase.Payload,
            Signatures = [new(Name.Parse("alice"), TestKey.Alice.Sign(RequestCase.Payload))],
        })),
        ["a byte after the request"] = (RequestRefusal.Malformed, () =>
            Good.Refusal(s => s with { Statement = (byte[])[.. s.Statement.Span, 0] })),
        ["another cluster"] = (RequestRefusal.WrongCluster, () =>
            (Good with { Request = Good.Request with { Cluster = Name.Parse("cluster-2") } }).Refusal()),
        ["another customer"] = (RequestRefusal.WrongCustomer, () =>
            (Good with { Request = Good.Request with { Customer = Name.Parse("other") } }).Refusal()),
        ["another action"] = (RequestRefusal.WrongAction, () => (Good with { Action = UserAction.RemoveAgent }).Refusal()),
        ["another payload"] = (RequestRefusal.WrongPayload, () =>
            (Good with { SentPayload = new NamePayload(Name.Parse("other")).Encode() }).Refusal()),
        ["no payload"] = (RequestRefusal.WrongPayload, () => (Good with { SentPayload = default }).Refusal()),
        ["over"] = (RequestRefusal.Expired, () => (Good with { Time = RequestCase.Now.AddMinutes(8) }).Refusal()),
        ["at the epoch"] = (RequestRefusal.Expired, () => Until(DateTimeOffset.UnixEpoch).Refusal()),
        ["too far ahead"] = (RequestRefusal.TooFarAhead, () => Until(RequestCase.Now.AddDays(2)).Refusal()),
        ["at the end of time"] = (RequestRefusal.TooFarAhead, () => Until(DateTimeOffset.UnixEpoch.AddYears(8029)).Refusal()),
        ["unknown user"] = (RequestRefusal.UnknownUser, () => Good.By("mallory", TestKey.Dave).Refusal()),
        ["the directory answers with another user"] = (RequestRefusal.UnknownUser, () =>
            (Good with { Answer = RequestCase.User("bob", Role.Administrator, TestKey.Alice) }).Refusal()),
        ["the directory answers with another customer's user"] = (RequestRefusal.UnknownUser, () =>
            (Good with { Answer = Good.Users[0] with { Customer = Name.Parse("other") } }).Refusal()),
        ["the directory answers with another cluster's user"] = (RequestRefusal.UnknownUser, () =>
            (Good with { Answer = Good.Users[0] with { Cluster = Name.Parse("other") } }).Refusal()),
        ["signed by a stranger"] = (RequestRefusal.BadSignature, () => Good.By("alice", TestKey.Dave).Refusal()),
        ["signed by another user in the requester's name"] = (RequestRefusal.BadSignature, () => Good.By("alice", TestKey.Bob).Refusal()),
        ["signed by another user in their own name"] = (RequestRefusal.BadSignature, () =>
            (Good with { Signers = [("bob", TestKey.Bob)] }).Refusal()),
        ["the requester's signature under another name"] = (RequestRefusal.BadSignature, () =>
            (Good with { Signers = [("bob", TestKey.Alice)] }).Refusal()),
        ["the requester's signature second"] = (RequestRefusal.BadSignature, () =>
            (Good with { Signers = [("bob", TestKey.Bob), ("alice", TestKey.Alice)] }).Refusal()),
        ["no signature"] = (RequestRefusal.BadSignature, () => (Good with { Signers = [] }).Refusal()),
        ["a signature of another length"] = (RequestRefusal.BadSignature, () => Good.Refusal(s => s with
        {
            Signatures = [s.Signatures[0] with { Value = s.Signatures[0].Value[..63] }],
        })),
        ["a signature of zeros"] = (RequestRefusal.BadSignature, () => Good.Refusal(s => s with
        {
            Signatures = [s.Signatures[0] with { Value = new byte[64] }],
        })),
        ["a signature over another statement"] = (RequestRefusal.BadSignature, () => Good.Refusal(s => s with
        {
            Statement = (Good.Request with { NotAfter = RequestCase.Now.AddHours(1) }).Encode(),
        })),
        ["role forbids"] = (RequestRefusal.RoleForbids, () => Good.By("oscar", TestKey.Carol).Refusal()),
        ["no second administrator"] = (RequestRefusal.CoSignatureNeeded, () => Grave.Refusal()),
        ["grave by circumstance, no second administrator"] = (RequestRefusal.CoSignatureNeeded, () =>
            (Good.As(UserAction.PutPolicy).Required(2) with { Grave = true }).Refusal()),
        ["the same administrator twice"] = (RequestRefusal.CoSignatureNeeded, () => Grave.With("alice", TestKey.Alice).Refusal()),
        ["the same key under another name"] = (RequestRefusal.CoSignatureNeeded, () =>
            Grave.With("alias-of-alice", TestKey.Alice).Refusal()),
        ["one co-signature where three are needed"] = (RequestRefusal.CoSignatureNeeded, () =>
            Grave.Required(3).With("bob", TestKey.Bob).Refusal()),
        ["an operator and one administrator are not two administrators"] = (RequestRefusal.CoSignatureNeeded, () =>
            (Good.As(UserAction.Launch).By("oscar", TestKey.Carol).With("alice", TestKey.Alice).Required(2) with { Grave = true })
            .Refusal()),
        ["co-signed by an operator"] = (RequestRefusal.RoleForbids, () => Grave.With("oscar", TestKey.Carol).Refusal()),
        ["co-signed by nobody known"] = (RequestRefusal.UnknownUser, () => Grave.With("mallory", TestKey.Dave).Refusal()),
        ["co-signature of a stranger"] = (RequestRefusal.BadSignature, () => Grave.With("bob", TestKey.Dave).Refusal()),
        ["a bad co-signature where none is needed"] = (RequestRefusal.BadSignature, () => Good.With("bob", TestKey.Dave).Refusal()),
    };

    private static readonly Dictionary<string, RequestCase> Accepted = new()
    {
        ["one administrator"] = Good,
        ["an operator's launch"] = Good.As(UserAction.Launch).By("oscar", TestKey.Carol),
        ["grave, one is enough for this customer"] = Grave.Required(1),
        ["grave, two administrators"] = Grave.With("bob", TestKey.Bob),
        ["grave, asked by the other one"] = Grave.By("bob", TestKey.Bob).With("alice", TestKey.Alice),
        ["grave by circumstance, two administrators"] =
            Good.As(UserAction.PutPolicy).Required(2).With("bob", TestKey.Bob) with { Grave = true },
        ["a co-signature that is not needed"] = Good.With("bob", TestKey.Bob),
        ["a lock by one signature, whatever is required for what is grave"] =
            Good.As(UserAction.Lock).By("oscar", TestKey.Carol).Required(2),
    };

    public static TheoryData<string> RefusedCases => [.. Refused.Keys];

    public static TheoryData<string> AcceptedCases => [.. Accepted.Keys];

    [Theory]
    [MemberData(nameof(RefusedCases))]
    public void Request_should_be_refused(string name) => Assert.Equal(Refused[name].Code, Refused[name].Refusal());

    [Fact]
    public void Every_code_should_have_a_case() => Assert.Equal(
        typeof(RequestRefusal).GetFields().Select(f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal),
        Refused.Values.Select(r => r.Code).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(AcceptedCases))]
    public void Request_should_be_accepted(string name)
    {
        var verified = Accepted[name].Verify();
        Assert.Null(verified.Refusal);
        Assert.Equal(Accepted[name].Request, verified.Request);
        Assert.Equal(Accepted[name].Request.User, verified.Requester!.User);
    }

    [Fact]
    public void Action_should_be_for_its_roles_only()
    {
        foreach (var action in UserAction.All)
        {
            foreach (var role in Enum.GetValues<Role>())
            {
                var asked = Good.As(action).By("rita", TestKey.Dave) with { Users = [RequestCase.User("rita", role, TestKey.Dave)] };
                Assert.Equal(action.Roles.Contains(role) ? null : RequestRefusal.RoleForbids, asked.Refusal());
            }
        }
    }

    [Fact]
    public void Monitors_and_auditors_should_only_log_in()
    {
        var reading = UserAction.All.Where(a => a.Roles.Contains(Role.Monitor) || a.Roles.Contains(Role.Auditor));
        Assert.Equal([UserAction.Login], reading);
    }

    [Fact]
    public void Clocks_may_be_two_minutes_apart_either_way()
    {
        var (skew, tick) = (RequestVerifier.ClockSkew, TimeSpan.FromMilliseconds(1));
        var now = RequestCase.Now;
        Assert.Equal(TimeSpan.FromMinutes(2), skew);
        Assert.Null(Until(now - skew).Refusal());
        Assert.Equal(RequestRefusal.Expired, Until(now - skew - tick).Refusal());
        Assert.Null(Until(now + RequestVerifier.MaxLife + skew).Refusal());
        Assert.Equal(RequestRefusal.TooFarAhead, Until(now + RequestVerifier.MaxLife + skew + tick).Refusal());
    }

    private static RequestCase Until(DateTimeOffset notAfter) => Good with { Request = Good.Request with { NotAfter = notAfter } };
}

using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <content>Changes, the enrolment of an agent, launches.</content>
internal sealed partial class People
{
    private readonly List<SignedRequest> _launches = [];
    private readonly List<(SignedRequest Request, UserAction Action, byte[] Upload)> _changes = [];

    /// <summary>Launches that were accepted, and whether their end was told.</summary>
    public int Launched => _launches.Count;

    /// <summary>Policy, operator, credential, agent: what a launch needs. Each is tried until it stands, or for too long.</summary>
    public async Task SetUp()
    {
        await Insist(() => Change(UserAction.PutPolicy, new PutPolicyPayload(Policy, [Web], [], [Hold], [Role.Operator])));
        await Insist(() => Change(UserAction.PutUser, new PutUserPayload(Carol, Role.Operator, PublicKey.Parse(_users[Carol].PublicKey))));
        await Insist(async () => await Version() > 0 || await Put(0));
        await Insist(EnrolAgent);
    }

    /// <summary>Puts a version of the credential.</summary>
    public async Task<bool> Put(uint replaces)
    {
        if (TheMaking is not { } making)
        {
            return false;
        }

        var key = NewId();
        byte[] upload;
        using (var secret = SecretBuffer.CopyOf("correct horse"u8))
        {
            upload = Hpke.Seal(
                making.Custody.Intake.Bytes.Span,
                PutCredentialPayload.Info(_installation.Cluster, Customer, making.Custody.Epoch, making.Custody.Intake),
                PutCredentialPayload.AssociatedData(Database, CredentialKind.Password, Policy, replaces, Alice, key),
                secret.Span, _process.Fill);
        }

        var payload = new PutCredentialPayload(Database, CredentialKind.Password, Policy, replaces, Digest.Of(upload));
        return await Submit(Request(UserAction.PutCredential, payload, Alice, key), UserAction.PutCredential, upload);
    }

    /// <summary>Puts the next version, whichever it is.</summary>
    public async Task PutNext() => await Put(await Version());

    private async Task<uint> Version()
    {
        var (entries, _) = await Read(Node(_cluster.Active), [EntryKey.Credential(Database)]);
        return entries[0].Read<CredentialEntry>()?.Version ?? 0;
    }

    /// <summary>Somebody sends an old change again.</summary>
    public async Task Replay(int which)
    {
        if (_changes.Count > 0)
        {
            var (request, action, upload) = _changes[which % _changes.Count];
            await Submit(request, action, upload);
        }
    }

    /// <summary>Launches, waits for the end, and sends the same request again where the answer was lost.</summary>
    public async Task Launch()
    {
        var payload = new LaunchPayload(Web, [new LaunchItem(Database, 0, Hold)], default);
        var request = Request(UserAction.Launch, payload, Carol);
        _launches.Add(request);
        for (var tries = 0; tries < 3; tries++)
        {
            try
            {
                if (await Launch(Node(_cluster.Active), request))
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is ZoneException or Actors.ActorException or GoneException)
            {
                // Not known what became of it: the same request asks.
            }

            await Pause(400);
        }
    }

    /// <summary>Sends an old launch again: it must not be done twice.</summary>
    public async Task Relaunch(int which)
    {
        if (_launches.Count > 0)
        {
            await Launch(Node(_cluster.Active), _launches[which % _launches.Count]);
        }
    }

    /// <summary>Ends a use.</summary>
    public async Task EndUse(int which)
    {
        if (_launches.Count == 0)
        {
            return;
        }

        var node = Node(_cluster.Active);
        var handOff = HandOffId.Of(_launches[which % _launches.Count].Hash, Web);
        var request = Request(UserAction.Release, new ReleasePayload(Web, handOff), Carol);
        var (entries, head) = await Read(node, [EntryKey.User(Carol)]);
        if (node.Customers.Known(Customer) is { } refs)
        {
            await Of(node, () => refs.Key.Ask<Result<VerifiedUser>>(
                r => new CustomerKeyMessage.EndUse(request, entries, head, r), Patience));
        }
    }

    private async Task<bool> Launch(DmzProcess node, SignedRequest request)
    {
        var handOff = HandOffId.Of(request.Hash, Web);
        if (node.Customers.Known(Customer) is not { } refs)
        {
            return false;
        }

        var started = await Of(node, () => node.Requests.Ask<Result<LaunchWaiters>>(
            r => new RequestsMessage.Start(refs, Web, request, r), Patience));
        if (started.Value is not { } waiters)
        {
            return false;
        }

        var accepted = await Of(node, () => waiters.WhenAccepted);
        if (accepted.Value is null)
        {
            return false;
        }

        _world.Oracle.ToldAccepted(handOff);
        var ended = await Of(node, () => waiters.WhenEnded);
        if (ended.Value is { } end && HandOffState.EndsHandOff(end.State))
        {
            _world.Oracle.ToldEnded(handOff, end.State);
            return true;
        }

        return false;
    }

    private async Task<bool> Change<T>(UserAction action, T payload)
        where T : IStatement<T> =>
        await Submit(Request(action, payload, Alice, with: _cluster.HasPeers ? Bob : null), action, []);

    private async Task<bool> Submit(SignedRequest request, UserAction action, byte[] upload)
    {
        _changes.Add((request, action, upload));
        return (await Submit(new Change.ByUser(request, action, upload))) is not null;
    }

    private async Task<ChangeDone?> Submit(Change change)
    {
        var node = Node(_cluster.Active);
        if (node.Customers.Known(Customer) is not { } refs)
        {
            return null;
        }

        var done = await Of(node, () => refs.Key.Ask<Result<ChangeDone>>(
            r => new CustomerKeyMessage.Submit(change, r), TimeSpan.FromSeconds(30)));
        if (done.Value is not { } value)
        {
            // Committed before: whoever sends it again learns that it stands.
            return null;
        }

        _world.Oracle.ToldChanged(Customer, value.Head.Read<CustomerHead>().Counter);
        return value;
    }

    private async Task<bool> EnrolAgent()
    {
        var node = Node(_cluster.Active);
        using var token = P256PrivateKey.Generate(_process.Fill);
        var tokenKey = PublicKey.Parse(token.PublicKey);
        var invitation = Request(
            UserAction.InviteAgent,
            new InviteAgentPayload(Web, "i-1", [], tokenKey, _process.Time.GetUtcNow() + TimeSpan.FromMinutes(10)), Alice);
        if (node.Customers.Known(Customer) is not { } refs)
        {
            return false;
        }

        var status = await Status(node, refs);
        var invite = new Wire.InviteAgentRequest
        {
            Customer = Customer.Value,
            Fence = status.Fence,
            Request = ByteString.CopyFrom(invitation.Encode()),
        };
        await Of(node, () => node.Node.Zone.InviteAgentAsync(invite, default));
        var scalar = new byte[32];
        _process.Random.Fill(scalar);
        scalar[0] = 1;
        using var key = P256PrivateKey.FromScalar(scalar);
        var boot = NewId();
        var asked = new AgentRequest(
            _installation.Cluster, Customer, Web, "i-1", tokenKey, PublicKey.Parse(key.PublicKey), boot).Encode();
        var change = new Change.Enrolment(invitation, new Signed(asked, Sign(token, asked)), Sign(key, asked));
        if ((await Submit(change))?.Grant is { } grant)
        {
            _cluster.Enrolled(scalar, grant.Read<Grant>(), TheMaking!.Custody.Identity, boot);
        }

        return _cluster.Home is not null;
    }

    private async Task Insist(Func<Task<bool>> what)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            try
            {
                if (await what())
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is ZoneException or Actors.ActorException or GoneException)
            {
                // Tried again.
            }

            await Pause(250);
        }
    }
}

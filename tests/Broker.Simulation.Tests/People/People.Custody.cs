using Broker.Dmz.Customers;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <content>Other custody, other epochs, and what is left of the custody before.</content>
internal sealed partial class People
{
    private readonly List<(SignedRequest Request, UserAction Action, AskedWays Asked)> _custodyRequests = [];

    /// <summary>Two administrators ask for another custody; its holders confirm, or some of them never do.</summary>
    public async Task ChangeCustody(int what)
    {
        if (await State(Node(_cluster.Active)) is { } state && WireSigned.From(state.Custody).Read<CustodyRecord>() is var custody)
        {
            var asked = Ways(what);
            var payload = new ChangeCustodyPayload(asked.Ways, OneWayOnly: true, Administrators(what), custody.Epoch, custody.Revision);
            await Remake(Request(UserAction.ChangeCustody, payload, Alice, with: Bob), UserAction.ChangeCustody, asked, LeftOut(what));
        }
    }

    /// <summary>Two administrators ask for the next epoch; one in eight gives the old secret up as compromised.</summary>
    public async Task Rotate(int what)
    {
        if (await State(Node(_cluster.Active)) is { } state && WireSigned.From(state.Custody).Read<CustodyRecord>() is var custody)
        {
            var asked = Ways(what);
            var payload = new RotatePayload(
                asked.Ways, OneWayOnly: true, Administrators(what), custody.Epoch + 1, Compromised: (what >> 10) % 8 == 0);
            await Remake(Request(UserAction.Rotate, payload, Alice, with: Bob), UserAction.Rotate, asked, LeftOut(what));
        }
    }

    /// <summary>Somebody sends an old request for custody again: it must not be followed twice.</summary>
    public async Task ReplayCustody(int what)
    {
        if (_custodyRequests.Count > 0)
        {
            var (request, action, asked) = _custodyRequests[what % _custodyRequests.Count];
            await Remake(request, action, asked, leaveOut: 0);
        }
    }

    /// <summary>
    /// Custodians give what is superseded, or never counted, to the node that does not own the customer; half of them name the custody
    /// record of then, which a gateway or a zone that lies would.
    /// </summary>
    public async Task GiveOld(int what)
    {
        var node = Node(1 - _cluster.Active);
        var old = _makings.Where(m => m != TheMaking).ToList();
        if (old.Count == 0 || await State(node) is not { } state)
        {
            return;
        }

        var making = old[what % old.Count];
        var refs = (await Of(node, async () => await node.Customers.Find(Customer, exists: true))).Value ?? throw new GoneException();
        var lies = (what >> 8) % 2 == 0;
        _world.Oracle.IsLiedTo |= lies;
        await Give(node, refs, making, lies ? making.Signed : WireSigned.From(state.Custody));
        await UntilUnlocked(node, TimeSpan.FromSeconds(6));
    }

    private async Task Remake(SignedRequest request, UserAction action, AskedWays asked, int leaveOut)
    {
        var node = Node(_cluster.Active);
        if (node.Customers.Known(Customer) is not { } refs)
        {
            return;
        }

        _custodyRequests.Add((request, action, asked));
        var (entries, head) = await Read(node, [.. ChangeKeys.Users(request), ChangeKeys.Record(request)]);
        var begun = await Of(node, () => refs.Key.Ask<Result<EnrolledModel>>(
            r => new CustomerKeyMessage.BeginCustody(request, action, entries, head, r), Patience));
        if (begun.Value is { } model && await Confirm(node, refs, Keep(model, asked), leaveOut) && leaveOut == 0)
        {
            var until = _process.Time.GetUtcNow() + TimeSpan.FromSeconds(8);
            for (var wait = 2; (await Status(node, refs)).Challenge is not null && _process.Time.GetUtcNow() < until; wait *= 2)
            {
                await Pause(Math.Min(wait, 500));
            }
        }
    }

    private static uint Administrators(int what) => (what >> 4) % 4 == 0 ? 1u : 2;

    // One in six is begun and never confirmed by all.
    private static int LeftOut(int what) => (what >> 7) % 6 == 0 ? 1 : 0;

    /// <summary>Shares with k of n, the customer's own key, or both; the custodians are others each time.</summary>
    private AskedWays Ways(int what)
    {
        var (count, safe) = (2 + (what % 3), what / 3 % 3 == 0 ? _safes[what / 9 % _safes.Count] : null);
        var from = what % _custodians.Count;
        List<P256PrivateKey> custodians = [.. Enumerable.Range(from, count).Select(i => _custodians[i % _custodians.Count])];
        List<CustodyWay> ways = [];
        if (safe is null || what / 27 % 3 > 0)
        {
            var threshold = 2 + (uint)(what / 81 % (count - 1));
            ways.Add(CustodyWay.OfShares(threshold, [.. custodians.Select((c, i) => Named($"custodian-{i + 1}", c))]));
        }

        if (safe is not null)
        {
            ways.Add(CustodyWay.OfWrap(WayKind.Key, Named(Safe.Value, safe)));
        }

        return new AskedWays(ways, custodians, safe);
    }

    /// <summary>Ways that are asked for, with the keys of those who are to hold them.</summary>
    private sealed record AskedWays(IReadOnlyList<CustodyWay> Ways, IReadOnlyList<P256PrivateKey> Custodians, P256PrivateKey? Safe);
}

using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Support;

/// <content>What the zone says of the customer.</content>
internal sealed partial class TestCustomer
{
    public async Task<Wire.HandOff> Journal(Id16 handOff) => await world.Node.Zone.GetHandOffAsync(
        new Wire.GetHandOffRequest { Customer = Name.Value, HandOff = ByteString.CopyFrom(handOff.ToArray()) }, default);

    public async Task<(IReadOnlyList<ProvenEntry> Entries, Signed Head)> Read(params EntryKey[] keys)
    {
        var request = new Wire.ReadEntriesRequest { Customer = Name.Value };
        request.Keys.AddRange(keys.Select(k => new Wire.EntryKey { Type = k.Type, Id = k.Id }));
        var reply = await world.Node.Zone.ReadEntriesAsync(request, default);
        return ([.. reply.Entries.Select(ProvenEntry.From)], WireSigned.From(reply.Head));
    }

    /// <summary>The same with one proof of them all, as a change brings them.</summary>
    public async Task<(IReadOnlyList<ProvenEntry> Entries, byte[] Proof, Signed Head)> ReadTogether(params IEnumerable<EntryKey> keys)
    {
        var request = new Wire.ReadEntriesRequest { Customer = Name.Value, Together = true };
        request.Keys.AddRange(keys.Select(k => new Wire.EntryKey { Type = k.Type, Id = k.Id }));
        var reply = await world.Node.Zone.ReadEntriesAsync(request, default);
        return ([.. reply.Entries.Select(ProvenEntry.From)], reply.Proof.ToByteArray(), WireSigned.From(reply.Head));
    }

    public async Task<Wire.CustomerState> ZoneState() =>
        await world.Node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = Name.Value }, default);

    /// <summary>The customer's chain, whole.</summary>
    public async Task<IReadOnlyList<Block>> Ledger()
    {
        var blocks = new List<Block>();
        while (true)
        {
            var page = await world.Node.Zone.ReadLedgerAsync(
                new Wire.ReadLedgerRequest { Chain = Name.Value, From = (ulong)blocks.Count, Limit = 1000 }, default);
            blocks.AddRange(page.Blocks.Select(b =>
                Statement.Read<Receipt>(b.Receipt.Span).Verify(world.Zone.LedgerKey, world.Node.Cluster) ?? throw new InvalidDataException(
                    "a block does not verify")));
            if ((ulong)blocks.Count >= page.Length)
            {
                return blocks;
            }
        }
    }

    public async Task<IReadOnlyList<Outcome>> Outcomes() => [.. (await Ledger())
        .Where(b => b.Kind == BlockKind.Outcome)
        .SelectMany(b => Statement.Read<SignedRecord>(b.Body.Span).Statement.Read<Outcomes>().Items)];

    public async Task<IReadOnlyList<Refusal>> Refusals() => [.. (await Ledger())
        .Where(b => b.Kind == BlockKind.Refusal)
        .Select(b => Statement.Read<Refusal>(b.Body.Span))];
}

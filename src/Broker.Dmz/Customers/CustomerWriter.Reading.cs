using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <content>What a change reads before the key's word: entries under one head, and the rows that go with a credential.</content>
internal sealed partial class CustomerWriter
{
    private const int MaxRowsOfDeletion = 4096;

    // The longest key has 63 + 1 + 32 characters and some bytes around them; a request has at most 64 KiB.
    private const int MaxKeysOfReading = 512;

    /// <summary>Reads under one head, in as many calls as the keys need; each with its proof, or with a proof of all of a call.</summary>
    private async Task<Wire.ReadEntriesReply> Read(
        IEnumerable<EntryKey> keys, Wire.Signed? head = null, List<ReadOnlyMemory<byte>>? proofs = null)
    {
        var reply = new Wire.ReadEntriesReply { Head = head };
        foreach (var page in keys.Distinct().Chunk(MaxKeysOfReading))
        {
            var request = new Wire.ReadEntriesRequest { Customer = _customer.Value, Together = proofs is not null };
            request.Keys.AddRange(page.Select(k => new Wire.EntryKey { Type = k.Type, Id = k.Id }));
            var read = await _node.Zone.ReadEntriesAsync(request, Context.Stopping);
            reply.Head ??= read.Head;
            if (!Equals(reply.Head, read.Head))
            {
                throw new ZoneRefusedException(Codes.HeadUnknown, "the customer's head moved meanwhile; send the same request again");
            }

            reply.Entries.AddRange(read.Entries);
            proofs?.Add(read.Proof.Memory);
        }

        return reply;
    }

    private static List<EntryKey> RowsOfDeletions(List<Waiting> changes, List<ProvenEntry> entries)
    {
        var keys = new List<EntryKey>();
        foreach (var change in changes.Select(c => c.Change).OfType<Dmz.Customers.Change.ByUser>())
        {
            if (change.Action != UserAction.DeleteCredential)
            {
                continue;
            }

            var subject = Statement.Read<NamePayload>(change.Request.Payload.Span).Subject;
            if (entries.Find(e => e.Key == EntryKey.Credential(subject))?.Read<CredentialEntry>() is { } entry)
            {
                keys.AddRange(
                    Enumerable.Range(1, (int)Math.Min(entry.Latest, MaxRowsOfDeletion)).Select(v => EntryKey.Row(subject, (uint)v)));
            }
        }

        return keys;
    }
}

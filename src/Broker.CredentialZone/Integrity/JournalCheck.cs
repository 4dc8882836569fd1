using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>Holds a hand-off of the journal against the intent that it names.</summary>
internal static class JournalCheck
{
    /// <summary>The hand-off with what its intent says.</summary>
    /// <exception cref="AlteredException">The intent is not this hand-off's.</exception>
    public static JournalEntry Entry(IZoneReader tables, Name customer, HandOffRecord record)
    {
        try
        {
            if (tables.Blocks(customer.Value, record.Intent, 1) is [var found] && found.Position == record.Intent &&
                Statement.Read<Block>(found.Block.Span) is { Kind: BlockKind.Intent } block &&
                Statement.Read<IntentRecord>(block.Body.Span) is var said && Statement.Read<Intent>(said.Intent.Span) is var intent &&
                intent.HandOff == record.HandOff && intent.Request == record.Request &&
                LaunchOrder.Read(Statement.Read<SignedRequest>(said.Request.Span), said.Launch) is var order &&
                order.Request.Hash == record.Request && order.Launch.Agent == record.Agent && order.HandOff == record.HandOff)
            {
                return new JournalEntry(record, said.Request, said.Launch, intent.HeadCounter, intent.Fence);
            }
        }
        catch (MalformedException)
        {
            // Said below.
        }

        throw Altered(customer, "a hand-off of the journal is not the one whose intent it names");
    }

    /// <summary>The error of a journal that contradicts the ledger, or itself.</summary>
    public static AlteredException Altered(Name customer, string detail) =>
        new(RefusalCode.JournalAltered, detail) { Customer = customer };
}

using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>What a release reads and checks before anything changes.</summary>
internal static class ReleaseReading
{
    /// <summary>Reads the request.</summary>
    /// <returns>Null when it is not one.</returns>
    public static Request? Request(SignedRequest signed)
    {
        try
        {
            return Statement.Read<Request>(signed.Statement.Span);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>Reads what the hand-off is made by.</summary>
    /// <returns>Null when it is neither a launch nor a promotion with a launch that follows from it.</returns>
    public static LaunchOrder? Order(ReleaseCall call)
    {
        try
        {
            return LaunchOrder.Read(call.Request, call.Launch);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>Checks that the call is what the request says.</summary>
    public static StoreRefusal? CheckRequest(WriteContext context, ReleaseCall call, Request request, LaunchOrder order) => 0 switch
    {
        _ when request.Cluster != context.Cluster => new(RequestRefusal.WrongCluster, "the request is for another cluster"),
        _ when request.Customer != call.Customer => new(RequestRefusal.WrongCustomer, "the request is for another customer"),
        _ when request.Action != order.Action.Name => new(RequestRefusal.WrongAction, $"the request is not to {order.Action.Name}"),
        _ when request.Payload != Digest.Of(call.Request.Payload.Span) =>
            new(RequestRefusal.WrongPayload, "the payload is not the one signed"),
        _ when request.NotAfter + RequestVerifier.ClockSkew < context.Now =>
            new(RequestRefusal.Expired, "the request's time is over; sign a new one"),
        _ when request.NotAfter > context.Now + RequestVerifier.MaxLife + RequestVerifier.ClockSkew =>
            new(RequestRefusal.TooFarAhead, "the request lives longer than a day; sign a new one"),
        _ when call.HandOff != order.HandOff =>
            new(RefusalCode.WrongHandOff, "the hand-off does not follow from request and agent"),
        _ => null,
    };

    /// <summary>
    /// Gathers, each once: the agent's grant, the requester's entry and the co-signers', and for each item the credential's entry,
    /// its row and its policy; for a promotion the order that stands for it.
    /// </summary>
    public static StoreRefusal? Entries(
        WriteContext context, CustomerRecord customer, LaunchOrder order, out IReadOnlyList<ProvenEntry> entries)
    {
        var launch = order.Launch;
        var gathered = new List<ProvenEntry>(3 + (3 * launch.Items.Count));
        entries = gathered;
        if (!Add(context, customer, gathered, EntryKey.Grant(launch.Agent)))
        {
            return new(RefusalCode.UnknownAgent, "the agent has no grant; enrol it first");
        }

        if (context.Tables.Generation(customer.Customer, launch.Agent) is { Suspended: true })
        {
            return new(RefusalCode.AgentSuspended, "the agent is suspended; enrol it again");
        }

        foreach (var signature in order.Request.Signatures)
        {
            if (!Add(context, customer, gathered, EntryKey.User(signature.User)))
            {
                return new(RequestRefusal.UnknownUser, "a signer is not in the directory");
            }
        }

        if (order.Promotion is { } promotion && !IsUnderWay(context, customer, gathered, order, promotion.Credential))
        {
            return new(RefusalCode.HandOverEnded, "the promotion hands nothing over any more");
        }

        foreach (var item in launch.Items)
        {
            if (Item(context, customer, gathered, item) is { } refusal)
            {
                return refusal;
            }
        }

        return RowBytes(gathered) <= ZoneLimits.MaxReleaseBytes
            ? null
            : new(RefusalCode.LaunchTooLarge, "the credentials of one launch are at most 4 MiB together; launch them apart");
    }

    /// <summary>The leaves of the rows among the entries.</summary>
    public static IReadOnlyList<Digest> Leaves(IReadOnlyList<ProvenEntry> entries)
    {
        var leaves = new List<Digest>();
        foreach (var entry in entries)
        {
            if (entry.Key.Type == EntryKey.RowType)
            {
                leaves.Add(TreeHash.Leaf(entry.Key.LeafKey, entry.Value));
            }
        }

        return leaves;
    }

    private static long RowBytes(List<ProvenEntry> entries)
    {
        var bytes = 0L;
        foreach (var entry in entries)
        {
            bytes += entry.Key.Type == EntryKey.RowType ? entry.Entry!.Statement.Length : 0;
        }

        return bytes;
    }

    private static bool IsUnderWay(
        WriteContext context, CustomerRecord customer, List<ProvenEntry> gathered, LaunchOrder order, Name credential)
    {
        var entry = context.Entry(customer, EntryKey.HandOver(credential));
        AddOnce(gathered, entry);
        return entry.Entry is { } found &&
            HandOverOrder.Decode(found.Statement.Span).Request.Span.SequenceEqual(order.Request.Encode()) &&
            context.Entry(customer, EntryKey.Credential(credential)).Entry is { } current &&
            CredentialEntry.Decode(current.Statement.Span).Version == order.Promotion!.Version;
    }

    private static StoreRefusal? Item(WriteContext context, CustomerRecord customer, List<ProvenEntry> gathered, LaunchItem item)
    {
        var credential = context.Entry(customer, EntryKey.Credential(item.Credential));
        if (credential.Entry is null)
        {
            return new(RefusalCode.UnknownCredential, $"there is no credential {item.Credential}");
        }

        AddOnce(gathered, credential);
        var metadata = CredentialEntry.Decode(credential.Entry.Statement.Span);
        var version = item.Version == 0 ? metadata.Version : item.Version;
        if (NotLaunched(metadata, version) is { } refusal)
        {
            return refusal;
        }

        if (!Add(context, customer, gathered, EntryKey.Row(item.Credential, version)))
        {
            return new(RefusalCode.UnknownCredential, $"credential {item.Credential} has no version {item.Version}");
        }

        return metadata.Policy == ReleasePolicy.Default || Add(context, customer, gathered, EntryKey.Policy(metadata.Policy))
            ? null
            : new(RefusalCode.UnknownPolicy, $"credential {item.Credential} names a policy that does not exist");
    }

    // The key decides the same; here it keeps a row at home that the key would not open.
    private static StoreRefusal? NotLaunched(CredentialEntry entry, uint version) => entry.Stages?.StageOf(version) switch
    {
        VersionStage.Pending => new(
            RefusalCode.VersionPending, $"version {version} of {entry.Credential} is pending: nobody gets it before it is staged"),
        VersionStage.Retired => new(RefusalCode.VersionRetired, $"version {version} of {entry.Credential} is retired"),
        _ => null,
    };

    private static bool Add(WriteContext context, CustomerRecord customer, List<ProvenEntry> gathered, EntryKey key)
    {
        var entry = context.Entry(customer, key);
        AddOnce(gathered, entry);
        return entry.Entry is not null;
    }

    private static void AddOnce(List<ProvenEntry> gathered, ProvenEntry entry)
    {
        foreach (var other in gathered)
        {
            if (other.Key == entry.Key)
            {
                return;
            }
        }

        gathered.Add(entry);
    }
}

using Broker.Actors;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>What the writer of a customer understands.</summary>
internal abstract record WriterMessage
{
    private WriterMessage()
    {
    }

    /// <summary>Commit a new customer.</summary>
    public sealed record Enrol(Wire.EnrolCustomerRequest Request, Signed Head) : WriterMessage;

    /// <summary>Bring what the zone and the node's witness know.</summary>
    public sealed record Load : WriterMessage;

    /// <summary>Claim the customer under this head; where it had to be accepted, with what was accepted.</summary>
    public sealed record Claim(Signed Statement, SignedRequest? Lift, Signed Head, RestoredRecord? Restored) : WriterMessage;

    /// <summary>The zone has a lock of this generation.</summary>
    public sealed record SawLock(ulong Generation) : WriterMessage;

    /// <summary>Change rows or directory.</summary>
    public sealed record Submit(Change Change, ReplyTo<Result<ChangeDone>> ReplyTo) : WriterMessage;

    /// <summary>Commit a custody that its holders confirmed; the key actor hears of it.</summary>
    public sealed record ChangeCustody(Change.Custody Change) : WriterMessage;

    /// <summary>Have rows of the epoch before encrypted anew, as long as there are any.</summary>
    public sealed record Rotate(uint Epoch, ulong Fence) : WriterMessage;

    /// <summary>Renew a grant; the key actor hears of it.</summary>
    public sealed record Renew(Change.Renewal Change) : WriterMessage;

    /// <summary>Look for records of requests whose time is over.</summary>
    public sealed record Forget(bool FromTheStart) : WriterMessage;

    /// <summary>Put what has gathered under one head.</summary>
    public sealed record Flush : WriterMessage;
}

using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Custody;

/// <summary>Names one making of a wrap, and the identity that has to have made it.</summary>
internal sealed record WrapPlace(Name Cluster, Name Customer, uint Epoch, Name Way, Id16 Split, PublicKey Identity)
{
    /// <summary>The place of a wrap.</summary>
    public static WrapPlace Of(SealedWrap wrap) => new(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way, wrap.Split, wrap.Identity);

    /// <summary>The place of a way's wrap by the custody record.</summary>
    public static WrapPlace Of(CustodyRecord record, KeptWay way) =>
        new(record.Cluster, record.Customer, record.Epoch, way.Way.Way, way.Split, record.Identity);
}

using Broker.Protocol.Directory;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>Signed statements on the zone link.</summary>
internal static class WireSigned
{
    public static Wire.Signed To(Signed signed) => new()
    {
        Statement = UnsafeByteOperations.UnsafeWrap(signed.Statement),
        Signature = UnsafeByteOperations.UnsafeWrap(signed.Signature),
    };

    public static Signed From(Wire.Signed? signed) =>
        signed is null ? new Signed(default, default) : new Signed(signed.Statement.Memory, signed.Signature.Memory);

    public static Wire.EntryChange Change(EntryKey key, Signed signed) => new()
    {
        Type = key.Type,
        Id = key.Id,
        Statement = UnsafeByteOperations.UnsafeWrap(signed.Statement),
        Signature = UnsafeByteOperations.UnsafeWrap(signed.Signature),
    };
}

using Broker.CredentialZone.Store;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Service;

// What the node and its database are, for the ops team.
internal sealed partial class ZoneService
{
    private static string SoftwareVersion { get; } = typeof(ZoneService).Assembly.GetName().Version?.ToString(3) ?? "0";

    private Wire.StoreStanding Standing()
    {
        try
        {
            var standing = store.Standing();
            var reply = new Wire.StoreStanding { Kind = standing.Kind, Schema = standing.Schema, Answers = true };
            if (standing.Standbys is { } standbys)
            {
                reply.Standbys = standbys;
            }

            if (standing.Lag is { } lag)
            {
                (reply.LagBytes, reply.LagMilliseconds) = (lag.Bytes, (ulong)lag.Time.TotalMilliseconds);
            }

            return reply;
        }
        catch (StoreException)
        {
            return new Wire.StoreStanding();
        }
    }
}

using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Gateway;

/// <summary>
/// What the gateway asks a key's actor about entries that it read beside it. The head may go on between the two, by a change of somebody
/// else's: then both are done again, since nothing was decided. A zone that lies about the head is refused the last time as at the first.
/// </summary>
internal static class ProvenAsks
{
    private const int MaxReadings = 8;

    /// <summary>Reads the entries with proofs, and asks.</summary>
    /// <param name="gateway">Where from.</param>
    /// <param name="customer">Whose they are.</param>
    /// <param name="keys">The entries.</param>
    /// <param name="key">The customer's key.</param>
    /// <param name="ask">Makes the message of entries, head and reply.</param>
    /// <param name="timeout">Of each asking.</param>
    /// <param name="cancellation">The caller went away.</param>
    public static async Task<Result<T>> AskProven<T>(
        this GatewayContext gateway, Name customer, IReadOnlyList<EntryKey> keys, ActorRef<CustomerKeyMessage> key,
        Func<IReadOnlyList<ProvenEntry>, Signed, ReplyTo<Result<T>>, CustomerKeyMessage> ask, TimeSpan timeout,
        CancellationToken cancellation)
        where T : class
    {
        for (var readings = 1; ; readings++)
        {
            var (entries, head) = await gateway.Proven(customer, keys, cancellation);
            var answer = await key.Ask<Result<T>>(reply => ask(entries, head, reply), timeout, cancellation);
            if (answer.Code != Codes.HeadUnknown || readings == MaxReadings)
            {
                return answer;
            }
        }
    }
}

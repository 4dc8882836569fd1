using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Customers;

/// <content>What fails at this node between the key actor's word and the commit.</content>
internal sealed partial class CustomerWriter
{
    private static bool IsOfTheDisk(Exception problem) => problem is IOException or UnauthorizedAccessException;

    /// <summary>
    /// Has the key not wait for a change that does not go to the zone, or it would refuse every other one. Of one that did go its end was
    /// told before, and this says nothing.
    /// </summary>
    private void GiveUpPrepared() => _key.Tell(new CustomerKeyMessage.Settled(Committed: false, null));

    /// <summary>What is told of a change that this node could not witness, before its commit or behind it.</summary>
    private Refused NotWitnessed(Exception problem)
    {
        GiveUpPrepared();
        Log.NotWitnessed(_log, _customer, problem.Message);
        return new Refused(
            Codes.OutcomeUnknown, "this node cannot write its witness file; look at its disk, and send the same request again, it is not " +
            "done twice");
    }

    private static Refused WitnessGone { get; } = new(
        Codes.WitnessUnavailable, "this node's witness file cannot be read or written; look at its disk, and try again");

    private static partial class Log
    {
        [LoggerMessage(2103, LogLevel.Error, "customer {Customer}: the witness file cannot be read or written: {Problem}")]
        public static partial void NotWitnessed(ILogger log, Protocol.Identifiers.Name customer, string problem);
    }
}

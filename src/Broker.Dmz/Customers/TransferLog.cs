using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Customers;

/// <summary>What a node's log says of transfers.</summary>
internal static partial class TransferLog
{
    [LoggerMessage(2601, LogLevel.Information, "customer {Customer}: secret sealed to node {Node}, admitted by {Admission}")]
    public static partial void Sealed(ILogger log, Name customer, Name node, string admission);

    [LoggerMessage(2602, LogLevel.Warning, "customer {Customer}: transfer to node {Node} refused ({Code})")]
    public static partial void Refused(ILogger log, Name customer, Name node, string code);

    [LoggerMessage(2603, LogLevel.Critical,
        "customer {Customer}: a second live start of node {Node} asks for its secret; if nobody started one, the node's key was copied")]
    public static partial void SecondIncarnation(ILogger log, Name customer, Name node);

    [LoggerMessage(2604, LogLevel.Information, "customer {Customer}: held, without owning it")]
    public static partial void Holding(ILogger log, Name customer);

    [LoggerMessage(2605, LogLevel.Information, "customer {Customer}: given over to another holder")]
    public static partial void GaveWay(ILogger log, Name customer);

    [LoggerMessage(2606, LogLevel.Warning, "customer {Customer}: held on, and not claimed ({Code})")]
    public static partial void NotTaken(ILogger log, Name customer, string code);

    [LoggerMessage(2607, LogLevel.Information, "customer {Customer}: not transferred from node {Node} ({Code})")]
    public static partial void NotFetched(ILogger log, Name customer, Name node, string code);

    [LoggerMessage(2608, LogLevel.Warning, "customer {Customer}: node {Node} owns it under fence {Fence} now; held on")]
    public static partial void SteppedBack(ILogger log, Name customer, string node, ulong fence);

    [LoggerMessage(2609, LogLevel.Information,
        "customer {Customer}: not transferred from node {Node} yet ({Code}); its ticket is tried again until its time is over")]
    public static partial void TriedAgain(ILogger log, Name customer, Name node, string code);
}

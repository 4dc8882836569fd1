namespace Broker.Actors;

/// <summary>What is to become of a failed child.</summary>
public enum Directive
{
    /// <summary>
    /// Go on with state, mailbox and children as they are; the failed message is over. After a failed creation: create again.
    /// </summary>
    Resume,

    /// <summary>A new incarnation with the same mailbox. After a failed creation: create again.</summary>
    Restart,

    /// <summary>The end.</summary>
    Stop,

    /// <summary>The supervisor fails itself, with the same cause.</summary>
    Escalate,
}

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>
/// Settings for tests that are about something else than deadlines: on a machine that stands still for half a minute, or is slow, nothing
/// is given up that would be done a moment later. A test that is about one sets it after these.
/// </summary>
internal static class Patient
{
    /// <summary>Of either node, under <c>broker</c>. A fifth and half of it are what a stop waits for agents and for other nodes.</summary>
    public const string Host = "host.stop-deadline = 2 minutes";

    /// <summary>Of a DMZ node, under <c>broker.dmz</c>.</summary>
    public const string Dmz = "zone.deadline = 2 minutes, hand-off-timeout = 3 minutes";

    /// <summary>Of the agent, under <c>broker.agent</c>.</summary>
    public const string Agent = """
        connect-timeout = 2 minutes, session.handshake-timeout = 2 minutes
        stop-timeout = 3 minutes, use-defaults { start-timeout = 3 minutes, stop-timeout = 2 minutes }
        """;
}

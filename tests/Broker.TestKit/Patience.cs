namespace Broker.TestKit;

/// <summary>How long a test in real time waits for what has to come.</summary>
public static class Patience
{
    /// <summary>
    /// Ends only a test that has failed, and costs nothing where it passes: a machine whose disk or processor stands still for half a
    /// minute is no failure of what is tested. For deadlines of a link too where a test is about something else.
    /// </summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(3);
}

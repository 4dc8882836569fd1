namespace Broker.Agent.Commands;

/// <summary>Exit codes of <c>broker-agent</c>.</summary>
internal static class ExitCode
{
    internal const int Success = 0;
    internal const int Internal = 1;
    internal const int WrongConfiguration = 2;
    internal const int Refused = 3;
    internal const int NotStopped = 4;
    internal const int NotRunning = 5;
}

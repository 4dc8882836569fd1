namespace Broker.Console.Cli;

/// <summary>Exit codes of <c>brokerctl</c>, for scripts.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The command line is wrong, or something on this machine is: nothing was changed.</summary>
    public const int Usage = 2;
}

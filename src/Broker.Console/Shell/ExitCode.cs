namespace Broker.Console.Shell;

/// <summary>What brokerctl ends with; scripts decide by it.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Refused: the problem's code was printed.</summary>
    public const int Refused = 1;

    /// <summary>The command line, the profile or a file named in it is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>What was named does not exist.</summary>
    public const int NotFound = 3;

    /// <summary>The customer is locked.</summary>
    public const int Locked = 4;

    /// <summary>The broker cannot be reached or is too busy; nothing was done.</summary>
    public const int Unreachable = 5;

    /// <summary>The request was sent and its answer lost: sending the same request again is safe.</summary>
    public const int OutcomeUnknown = 6;

    /// <summary>A signature, a pin, a head or the ledger does not hold: somebody lied, or files were mixed up.</summary>
    public const int VerificationFailed = 7;
}

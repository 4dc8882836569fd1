namespace Broker.Host;

/// <summary>Exit codes of the node executables, for service managers and scripts.</summary>
public static class ExitCodes
{
    /// <summary>An orderly stop, or a good configuration.</summary>
    public const int Ok = 0;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 1;

    /// <summary>The configuration is wrong; what and where is on standard error.</summary>
    public const int Configuration = 2;

    /// <summary>The node could not start: a port, a certificate, a store.</summary>
    public const int Start = 3;

    /// <summary>A store or a backup was read, and is not what it should be; what and where is on standard output.</summary>
    public const int Unverified = 5;

    /// <summary>The stop was not orderly: its deadline passed, or a part failed while stopping or running.</summary>
    public const int Unclean = 4;
}

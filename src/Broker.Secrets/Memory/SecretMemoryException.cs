namespace Broker.Secrets;

/// <summary>
/// Locked memory could not be set up: the limit of locked memory is too low, or the kernel refused. The message says what to change.
/// The process never goes on with unlocked memory instead.
/// </summary>
public sealed class SecretMemoryException : Exception
{
    internal SecretMemoryException(string message) : base(message)
    {
    }

    internal static SecretMemoryException LimitTooLow(long needed, ulong limit) => new(
        $"cannot lock {needed} bytes of memory for secrets: the limit (RLIMIT_MEMLOCK) is {limit} bytes for all that the process locks; " +
        $"raise it by {needed} bytes (LimitMEMLOCK= in the systemd unit, or ulimit -l), or configure a smaller capacity");

    internal static SecretMemoryException CallFailed(string call, int error) => new(
        $"cannot set up locked memory for secrets: {call} failed with errno {error}; check the kernel's version and the sandbox's " +
        "system call filter, or choose another backing");

    internal static SecretMemoryException HeapInUse() =>
        new("the crypto library's locked heap is set up already; set it up once, at the start of the process");
}

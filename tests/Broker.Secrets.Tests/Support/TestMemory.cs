namespace Broker.Secrets.Tests;

internal static class TestMemory
{
    /// <summary>Memory of its own for a test, which is skipped where this machine cannot give it.</summary>
    internal static SecretMemory Make(long capacity, SecretMemoryBacking backing)
    {
        try
        {
            return new SecretMemory(capacity, backing);
        }
        catch (SecretMemoryException refusal) when (refusal.Message.Contains("memfd_secret failed", StringComparison.Ordinal))
        {
            throw new SkipException("this kernel has no memfd_secret");
        }
        catch (SecretMemoryException refusal) when (refusal.Message.Contains("RLIMIT_MEMLOCK", StringComparison.Ordinal)
            && capacity > 1 << 22)
        {
            throw new SkipException($"this user may not lock {capacity} bytes");
        }
    }
}

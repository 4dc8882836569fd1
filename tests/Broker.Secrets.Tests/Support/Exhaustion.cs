namespace Broker.Secrets.Tests;

/// <summary>Lets an operation meet the end of the locked memory at each of its allocations in turn.</summary>
internal static class Exhaustion
{
    /// <summary>
    /// Fills the memory, then frees slot after slot until the operation succeeds. Each refusal must give back all that it took.
    /// </summary>
    /// <returns>How often the operation was refused.</returns>
    internal static int Walk(Action operation)
    {
        operation();
        var atRest = SecretMemory.Default.LiveBuffers;
        var held = new Stack<SecretBuffer>();
        try
        {
            FillUp(held);
            var refusals = 0;
            for (; Refuses(operation); refusals++)
            {
                Assert.Equal(atRest + held.Count, SecretMemory.Default.LiveBuffers);
                held.Pop().Dispose();
            }

            Assert.Equal(atRest + held.Count, SecretMemory.Default.LiveBuffers);
            return refusals;
        }
        finally
        {
            foreach (var buffer in held)
                buffer.Dispose();
        }
    }

    private static void FillUp(Stack<SecretBuffer> held)
    {
        try
        {
            while (true)
                held.Push(SecretBuffer.Allocate(64));
        }
        catch (SecretMemoryExhaustedException)
        {
            // Full, as wanted.
        }
    }

    private static bool Refuses(Action operation)
    {
        try
        {
            operation();
            return false;
        }
        catch (SecretMemoryExhaustedException)
        {
            return true;
        }
    }
}

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
            Gather();
        }
    }

    // Slots that came back are kept as they are, all over the memory: what a later test holds in a few of them would leave it no large one.
    // They are merged when no slot is large enough.
    private static void Gather()
    {
        try
        {
            SecretBuffer.Allocate(SecretMemory.LargestLength).Dispose();
        }
        catch (SecretMemoryExhaustedException)
        {
            // Some are in use; the others are merged.
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

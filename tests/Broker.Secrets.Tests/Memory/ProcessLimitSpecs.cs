using System.Runtime.InteropServices;

namespace Broker.Secrets.Tests;

public sealed partial class ProcessLimitSpecs
{
    private const int GetDumpable = 3;
    private const uint CapabilityVersion = 0x20080522;
    private const uint LockMemoryCapability = 1 << 14;

    [Fact]
    public void Too_low_a_limit_should_be_an_error_that_says_what_to_do()
    {
        Assert.Equal(0, LibC.GetLimit(LibC.LimitLockedMemory, out var limit));
        Assert.Equal(0, LibC.SetLimit(LibC.LimitLockedMemory, new LibC.ResourceLimit { Soft = 1 << 16, Hard = limit.Hard }));
        try
        {
            foreach (var backing in Enum.GetValues<SecretMemoryBacking>())
            {
                var refusal = WithoutPrivilege(() => new SecretMemory(1 << 20, backing).Dispose());

                var message = Assert.IsType<SecretMemoryException>(refusal).Message;
                if (backing != SecretMemoryBacking.MemfdSecret || !message.Contains("memfd_secret", StringComparison.Ordinal))
                    Assert.Contains("RLIMIT_MEMLOCK) is 65536 bytes", message, StringComparison.Ordinal);
            }
        }
        finally
        {
            Assert.Equal(0, LibC.SetLimit(LibC.LimitLockedMemory, limit));
        }
    }

    [Fact]
    public void Hardened_process_should_be_neither_dumpable_nor_leave_cores()
    {
        ProcessHardening.Apply();
        try
        {
            Assert.Equal(0, LibC.Control(GetDumpable, 0, 0, 0, 0));
            Assert.Equal(0, LibC.GetLimit(LibC.LimitCore, out var limit));
            Assert.Equal((0UL, 0UL), (limit.Soft, limit.Hard));
        }
        finally
        {
            // The tests that look at this process's own memory need it readable.
            Assert.Equal(0, LibC.Control(LibC.SetDumpable, 1, 0, 0, 0));
        }
    }

    [Fact]
    public void Heap_of_the_crypto_library_should_be_set_up_once_and_in_a_sensible_size()
    {
        Assert.Throws<SecretMemoryException>(() => ProcessHardening.LockCryptoHeap(1 << 20));
        Assert.Throws<ArgumentException>(() => ProcessHardening.LockCryptoHeap((1 << 20) + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProcessHardening.LockCryptoHeap(1 << 15));
    }

    /// <summary>Runs on a thread that gave up the capability to lock beyond the limit, which the kernel keeps per thread.</summary>
    private static Exception? WithoutPrivilege(Action action)
    {
        Exception? thrown = null;
        var thread = new Thread(() =>
        {
            var header = new CapabilityHeader { Version = CapabilityVersion };
            var sets = new CapabilitySets();
            if (GetCapabilities(ref header, ref sets) != 0)
                return;

            sets.EffectiveLow &= ~LockMemoryCapability;
            if (SetCapabilities(ref header, ref sets) == 0)
                thrown = Record.Exception(action);
        });
        thread.Start();
        thread.Join();
        return thrown;
    }

    [LibraryImport("libc", EntryPoint = "capget")]
    private static partial int GetCapabilities(ref CapabilityHeader header, ref CapabilitySets sets);

    [LibraryImport("libc", EntryPoint = "capset")]
    private static partial int SetCapabilities(ref CapabilityHeader header, ref CapabilitySets sets);

    [StructLayout(LayoutKind.Sequential)]
    private struct CapabilityHeader
    {
        public uint Version;
        public int Process;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CapabilitySets
    {
        public uint EffectiveLow;
        public uint PermittedLow;
        public uint InheritableLow;
        public uint EffectiveHigh;
        public uint PermittedHigh;
        public uint InheritableHigh;
    }
}

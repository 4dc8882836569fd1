using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>Owns one reference to a native key; the last one freed clears the private part.</summary>
internal sealed class SafeKey : SafeHandle
{
    internal SafeKey(nint key) : base(0, ownsHandle: true) => SetHandle(key);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeKey(handle);
        return true;
    }
}

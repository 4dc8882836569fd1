using System.Runtime.InteropServices;

namespace Broker.Agent.Native;

/// <summary>A call of libc failed. The message names the call and the error number, nothing that was passed to it.</summary>
internal sealed class NativeException : Exception
{
    internal NativeException(string call, int error)
        : base($"{call} failed with errno {error} ({Marshal.GetPInvokeErrorMessage(error)})") => Error = error;

    /// <summary>The error number.</summary>
    internal int Error { get; }

    /// <summary>Throws where a call that sets errno has failed.</summary>
    internal static void Check(bool succeeded, string call)
    {
        if (!succeeded)
            throw new NativeException(call, Marshal.GetLastPInvokeError());
    }

    /// <summary>Throws where a call that returns its error number has failed.</summary>
    internal static void CheckResult(int error, string call)
    {
        if (error != 0)
            throw new NativeException(call, error);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Secrets.Tests;

/// <summary>
/// A module that says what a test wants: for what SoftHSM never does, such as locking a PIN, failing as hardware fails, or hanging. It has
/// one token in slot 7; one test at a time uses it.
/// </summary>
internal static unsafe class ScriptedModule
{
    internal const ulong Ready = Ck.TokenInitialized | Ck.UserPinInitialized;

    private static readonly Ck.Functions* Functions = Make();

    /// <summary>The token's flags.</summary>
    internal static ulong Flags { get; set; }

    /// <summary>What C_Login answers.</summary>
    internal static ulong LoginResult { get; set; }

    /// <summary>What C_Initialize answers.</summary>
    internal static ulong InitializeResult { get; set; }

    /// <summary>Runs inside C_Login.</summary>
    internal static Action? OnLogin { get; set; }

    /// <summary>The calls that were made, in order, but for those that only look.</summary>
    internal static List<string> Calls { get; } = [];

    internal static HsmModule Begin(TimeProvider time)
    {
        (Flags, LoginResult, InitializeResult, OnLogin) = (Ready, Ckr.Ok, InitializeResult, null);
        Calls.Clear();
        return HsmModule.Begin(static () => new Cryptoki(Functions), time, TimeSpan.FromSeconds(10));
    }

    private static Ck.Functions* Make()
    {
        var functions = (Ck.Functions*)NativeMemory.AllocZeroed((nuint)sizeof(Ck.Functions));
        functions->Major = 2;
        functions->Initialize = &Initialize;
        functions->Finalize = &End;
        functions->GetSlotList = &GetSlotList;
        functions->GetTokenInfo = &GetTokenInfo;
        functions->OpenSession = &OpenSession;
        functions->CloseSession = &CloseSession;
        functions->Login = &Login;
        functions->Logout = &Logout;
        return functions;
    }

    [UnmanagedCallersOnly]
    private static ulong Initialize(Ck.InitializeArguments* arguments) =>
        arguments->Flags == Ck.OsLockingOk ? InitializeResult : throw new InvalidOperationException();

    [UnmanagedCallersOnly]
    private static ulong End(void* reserved) => Note("C_Finalize");

    [UnmanagedCallersOnly]
    private static ulong GetSlotList(byte present, ulong* slots, ulong* count)
    {
        if (slots != null)
            slots[0] = 7;
        *count = 1;
        return Ckr.Ok;
    }

    [UnmanagedCallersOnly]
    private static ulong GetTokenInfo(ulong slot, Ck.TokenInfo* info)
    {
        Unsafe.InitBlock(info, (byte)' ', (uint)sizeof(Ck.TokenInfo));
        "scripted"u8.CopyTo(new Span<byte>(info->Label, 32));
        info->Flags = Flags;
        return Ckr.Ok;
    }

    [UnmanagedCallersOnly]
    private static ulong OpenSession(ulong slot, ulong flags, void* application, void* notify, ulong* session)
    {
        *session = 1;
        return Note("C_OpenSession");
    }

    [UnmanagedCallersOnly]
    private static ulong CloseSession(ulong session) => Note("C_CloseSession");

    [UnmanagedCallersOnly]
    private static ulong Login(ulong session, ulong user, byte* pin, ulong length)
    {
        Note("C_Login");
        OnLogin?.Invoke();
        return LoginResult;
    }

    [UnmanagedCallersOnly]
    private static ulong Logout(ulong session) => Note("C_Logout");

    private static ulong Note(string call)
    {
        lock (Calls)
            Calls.Add(call);
        return Ckr.Ok;
    }
}

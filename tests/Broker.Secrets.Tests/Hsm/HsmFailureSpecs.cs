using Broker.TestKit;

namespace Broker.Secrets.Tests.Hsm;

/// <summary>What tokens of hardware do and SoftHSM does not.</summary>
public sealed class HsmFailureSpecs : GaugedSpecs
{
    private static readonly HsmTokenName Scripted = new("scripted");

    private readonly ManualTime _time = new();
    private readonly SecretBuffer _pin;

    public HsmFailureSpecs()
    {
        _pin = Keep(SecretBuffer.CopyOf("4711"u8));
        ScriptedModule.InitializeResult = Ckr.Ok;
    }

    [Theory]
    [InlineData(0, HsmPinTries.Untouched)]
    [InlineData(Ck.UserPinCountLow, HsmPinTries.Low)]
    [InlineData(Ck.UserPinCountLow | Ck.UserPinFinalTry, HsmPinTries.Last)]
    [InlineData(Ck.UserPinCountLow | Ck.UserPinFinalTry | Ck.UserPinLocked, HsmPinTries.Locked)]
    public void Tries_should_be_what_the_token_says(ulong flags, HsmPinTries tries)
    {
        using var module = ScriptedModule.Begin(_time);
        ScriptedModule.Flags |= flags;

        Assert.Equal(new HsmTokenInfo("scripted", "", "", "", true, tries), Assert.Single(module.Tokens()));
    }

    [Fact]
    public void Last_try_should_be_left_to_a_person_and_a_locked_pin_to_nobody()
    {
        using var module = ScriptedModule.Begin(_time);
        ScriptedModule.Flags |= Ck.UserPinFinalTry;
        var spared = Failure(module, HsmUse.Unlock);
        Assert.Equal((HsmFailure.PinTriesLow, HsmPinTries.Last), (spared.Failure, spared.PinTries));
        Assert.Empty(ScriptedModule.Calls);
        module.Open(Scripted, _pin, HsmUse.Administer).Dispose();

        ScriptedModule.Calls.Clear();
        ScriptedModule.Flags |= Ck.UserPinLocked;
        Assert.Equal(HsmFailure.PinLocked, Failure(module, HsmUse.Unlock).Failure);
        Assert.Equal(HsmFailure.PinLocked, Failure(module, HsmUse.Administer).Failure);
        Assert.Empty(ScriptedModule.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Ck.TokenInitialized)]
    [InlineData(ScriptedModule.Ready | Ck.UserPinToBeChanged)]
    public void Token_that_is_not_ready_should_not_be_logged_in_to(ulong flags)
    {
        using var module = ScriptedModule.Begin(_time);
        ScriptedModule.Flags = flags;

        Assert.Equal(HsmFailure.TokenNotReady, Failure(module, HsmUse.Administer).Failure);
        Assert.Empty(ScriptedModule.Calls);
    }

    [Theory]
    [InlineData(0x32, HsmFailure.TokenLost, "CKR_DEVICE_REMOVED")]
    [InlineData(0xE0, HsmFailure.TokenLost, "CKR_TOKEN_NOT_PRESENT")]
    [InlineData(0x30, HsmFailure.TokenLost, "CKR_DEVICE_ERROR")]
    [InlineData(0xA4, HsmFailure.PinLocked, "CKR_PIN_LOCKED")]
    [InlineData(0xA2, HsmFailure.PinWrong, "CKR_PIN_LEN_RANGE")]
    [InlineData(0x31, HsmFailure.Full, "CKR_DEVICE_MEMORY")]
    [InlineData(0x102, HsmFailure.TokenNotReady, "CKR_USER_PIN_NOT_INITIALIZED")]
    [InlineData(0x100, HsmFailure.LoggedInElsewhere, "CKR_USER_ALREADY_LOGGED_IN")]
    [InlineData(0x80000123, HsmFailure.Refused, "CKR 0x80000123")]
    public void Login_that_fails_should_name_the_error_and_end_its_session(ulong result, HsmFailure failure, string name)
    {
        using var module = ScriptedModule.Begin(_time);
        ScriptedModule.LoginResult = result;

        var refused = Failure(module, HsmUse.Unlock);

        Assert.Equal((failure, $"C_Login: {name}"), (refused.Failure, refused.Code));
        Assert.EndsWith($"(C_Login: {name})", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["C_OpenSession", "C_Login", "C_CloseSession"], ScriptedModule.Calls);
    }

    [Fact]
    public void Last_session_should_log_out_before_it_ends()
    {
        using (var module = ScriptedModule.Begin(_time))
        {
            var first = module.Open(Scripted, _pin, HsmUse.Unlock);
            module.Open(Scripted, _pin, HsmUse.Unlock).Dispose();
            first.Dispose();
        }

        Assert.Equal(
            [
                "C_OpenSession", "C_Login", "C_OpenSession", "C_Login", "C_CloseSession", "C_Logout", "C_CloseSession", "C_Finalize",
            ],
            ScriptedModule.Calls);
    }

    [Theory]
    [InlineData(0x05, "C_Initialize: CKR_GENERAL_ERROR")]
    [InlineData(Ckr.CantLock, "C_Initialize: CKR_CANT_LOCK")]
    [InlineData(Ckr.AlreadyInitialized, "C_Initialize: CKR_CRYPTOKI_ALREADY_INITIALIZED")]
    public void Module_that_cannot_begin_should_be_unusable(ulong result, string code)
    {
        ScriptedModule.InitializeResult = result;

        var refused = Assert.Throws<HsmException>(() => ScriptedModule.Begin(_time));

        Assert.Equal((HsmFailure.ModuleUnusable, code), (refused.Failure, refused.Code));
    }

    [Fact]
    public async Task Login_that_hangs_should_be_given_up_and_undone_when_it_returns()
    {
        using var module = ScriptedModule.Begin(_time);
        using var entered = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        ScriptedModule.OnLogin = () =>
        {
            entered.Release();
            goOn.Wait(Patience.Limit);
        };
        var opening = Task.Run(() => module.Open(Scripted, _pin, HsmUse.Unlock));
        Assert.True(await entered.WaitAsync(Patience.Limit));
        while (_time.Armed == 0)
            await Task.Yield();
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(HsmFailure.Unresponsive, (await Assert.ThrowsAsync<HsmException>(() => opening)).Failure);
        Assert.Equal(HsmFailure.Unresponsive, Failure(module, HsmUse.Unlock).Failure);

        goOn.Set();
        while (!Responds(module))
            await Task.Yield();
        Assert.Equal(["C_OpenSession", "C_Login", "C_Logout", "C_CloseSession"], ScriptedModule.Calls);
    }

    private static bool Responds(HsmModule module)
    {
        try
        {
            return module.Tokens().Count == 1;
        }
        catch (HsmException problem) when (problem.Failure == HsmFailure.Unresponsive)
        {
            return false;
        }
    }

    private HsmException Failure(HsmModule module, HsmUse use) => Assert.Throws<HsmException>(() => module.Open(Scripted, _pin, use));
}

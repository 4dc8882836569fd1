using System.Text;
using Broker.TestKit;

namespace Broker.Secrets.Tests.Hsm;

public sealed class HsmLoginSpecs : GaugedSpecs
{
    private readonly SoftHsm _hsm;

    public HsmLoginSpecs() => _hsm = Keep(new SoftHsm(SoftHsm.Label, "second", "second"));

    [SkippableFact]
    public void Module_that_is_missing_or_none_should_be_refused()
    {
        foreach (var path in (string[])["/nowhere/libsofthsm2.so", "libsofthsm2.so", typeof(HsmModule).Assembly.Location, "/etc/hostname"])
        {
            var refused = Failure(() => HsmModule.Load(path, TimeProvider.System, Patience.Limit));
            Assert.Equal(HsmFailure.ModuleUnusable, refused.Failure);
        }
    }

    [SkippableFact]
    public void Module_should_be_loaded_once()
    {
        var refused = Failure(() => HsmModule.Load(SoftHsm.Path!, TimeProvider.System, Patience.Limit));

        Assert.Equal((HsmFailure.ModuleUnusable, "C_Initialize: CKR_CRYPTOKI_ALREADY_INITIALIZED"), (refused.Failure, refused.Code));
    }

    [SkippableFact]
    public void Token_should_be_found_by_label_and_serial_and_nothing_else()
    {
        var serial = _hsm.SerialOf(SoftHsm.Label);
        foreach (var name in (HsmTokenName[])[new(SoftHsm.Label), new(null, serial), new(SoftHsm.Label, serial)])
            _hsm.Open(name: name).Dispose();

        Assert.Equal(HsmFailure.TokenMissing, Failure(() => _hsm.Open(name: new("another"))).Failure);
        Assert.Equal(HsmFailure.TokenMissing, Failure(() => _hsm.Open(name: new("second", serial))).Failure);
        Assert.Equal(HsmFailure.TokenAmbiguous, Failure(() => _hsm.Open(name: new("second"))).Failure);
    }

    [SkippableFact]
    public void Token_that_is_not_initialized_should_say_so()
    {
        // SoftHSM always offers one more slot, with an empty token.
        var empty = Assert.Single(_hsm.Module.Tokens(), static t => !t.IsReady);

        Assert.Equal(HsmFailure.TokenNotReady, Failure(() => _hsm.Open(name: new(empty.Label, empty.Serial))).Failure);
    }

    [SkippableFact]
    public void Wrong_pin_should_say_what_the_token_says_of_the_tries_that_are_left()
    {
        Assert.Equal(HsmPinTries.Untouched, Info().PinTries);

        var refused = Failure(() => _hsm.Open(pin: "0000"));

        Assert.Equal((HsmFailure.PinWrong, HsmPinTries.Low), (refused.Failure, refused.PinTries));
        Assert.Equal("C_Login: CKR_PIN_INCORRECT", refused.Code);
        Assert.Equal(HsmPinTries.Low, Info().PinTries);
        Assert.DoesNotContain("0000", refused.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Node_should_spend_one_try_only_until_a_person_has_logged_in()
    {
        Assert.Equal(HsmFailure.PinWrong, Failure(() => _hsm.Open(HsmUse.Unlock, "0000")).Failure);
        for (var again = 0; again < 3; again++)
        {
            Assert.Equal(HsmFailure.PinTriesLow, Failure(() => _hsm.Open(HsmUse.Unlock, "0000")).Failure);
            Assert.Equal(HsmFailure.PinTriesLow, Failure(() => _hsm.Open(HsmUse.Unlock)).Failure);
        }

        _hsm.Open().Dispose();
        _hsm.Open(HsmUse.Unlock).Dispose();
        Assert.Equal(HsmPinTries.Untouched, Info().PinTries);
    }

    [SkippableFact]
    public void Wrong_pin_should_be_refused_while_the_token_is_open_too()
    {
        using var open = _hsm.Open();

        // The token itself would let it pass: this process is logged in.
        Assert.Equal(HsmFailure.PinWrong, Failure(() => _hsm.Open(pin: "0000")).Failure);
        Assert.Equal(HsmFailure.PinWrong, Failure(() => _hsm.Open(HsmUse.Unlock, SoftHsm.Pin + "0")).Failure);
        Assert.Equal(HsmPinTries.Untouched, Info().PinTries);
        _hsm.Open(HsmUse.Unlock).Dispose();
    }

    [SkippableFact]
    public void Last_session_should_log_out()
    {
        var first = _hsm.Open();
        var second = _hsm.Open();
        first.Dispose();
        first.Dispose();
        second.MakeKey("still-logged-in", new byte[] { 1 }, SystemRandom.Fill);
        second.Dispose();

        // Asked again, so logged out: the token itself refuses.
        Assert.Equal("C_Login: CKR_PIN_INCORRECT", Failure(() => _hsm.Open(pin: "0000")).Code);
        Assert.Throws<ObjectDisposedException>(() => second.FindKey(new("still-logged-in"), SystemRandom.Fill));
    }

    [SkippableFact]
    public async Task Two_sessions_at_once_should_each_do_their_work()
    {
        using var first = _hsm.Open();
        using var second = _hsm.Open(HsmUse.Unlock);
        first.MakeKey("shared", new byte[] { 1 }, SystemRandom.Fill);

        await Task.WhenAll(((HsmToken[])[first, second, first, second]).Select(static token => Task.Run(() =>
        {
            var key = token.FindKey(new("shared"), SystemRandom.Fill);
            for (var round = 0; round < 10; round++)
            {
                using var peer = P256PrivateKey.Generate(SystemRandom.Fill);
                using var expected = SecretBuffer.Allocate(32);
                using var shared = SecretBuffer.Allocate(32);
                peer.Agree(key.PublicKey, expected.Span);
                key.Agree(peer.PublicKey, shared.Span);
                Assert.True(shared.FixedTimeEquals(expected.Span));
            }
        })));
    }

    [SkippableFact]
    public void Token_opened_for_unlocking_should_not_be_written_to()
    {
        using var token = _hsm.Open(HsmUse.Unlock);

        var refused = Failure(() => token.MakeKey("wrap", new byte[] { 1 }, SystemRandom.Fill));

        Assert.Equal("C_GenerateKeyPair: CKR_SESSION_READ_ONLY", refused.Code);
    }

    [SkippableFact]
    public void Token_taken_out_should_be_lost_and_work_again_when_it_is_back()
    {
        var token = _hsm.Open();
        token.MakeKey("wrap", new byte[] { 1 }, SystemRandom.Fill);
        var key = token.FindKey(new("wrap"), SystemRandom.Fill);
        using var shared = SecretBuffer.Allocate(32);
        key.Agree(key.PublicKey, shared.Span);

        _hsm.TakeOut();
        Assert.Equal(HsmFailure.TokenLost, Failure(() => token.MakeKey("more", new byte[] { 2 }, SystemRandom.Fill)).Failure);
        token.Dispose();
        Assert.Equal(HsmFailure.TokenMissing, Failure(() => _hsm.Open()).Failure);
        _hsm.PutBack();
        _hsm.LoadAgain();

        using var again = _hsm.Open();
        again.FindKey(new("wrap"), SystemRandom.Fill).Agree(key.PublicKey, shared.Span);
    }

    [SkippableFact]
    public void Session_that_somebody_else_ended_should_be_lost()
    {
        using var token = _hsm.Open();
        var key = token.MakeKey("wrap", new byte[] { 1 }, SystemRandom.Fill);
        using var shared = SecretBuffer.Allocate(32);

        token.Behind(static (calls, session) => calls.CloseSession(session));

        var lost = Failure(() => key.Agree(key.PublicKey, shared.Span));
        Assert.Equal((HsmFailure.TokenLost, "C_DeriveKey: CKR_SESSION_HANDLE_INVALID"), (lost.Failure, lost.Code));
        token.Dispose();
        using var again = _hsm.Open();
        again.FindKey(new("wrap"), SystemRandom.Fill).Agree(key.PublicKey, shared.Span);
    }

    [SkippableFact]
    public void Disposed_module_should_refuse_and_let_a_new_one_begin()
    {
        var token = _hsm.Open();
        _hsm.Module.Dispose();
        _hsm.Module.Dispose();

        Assert.Throws<ObjectDisposedException>(() => _hsm.Module.Tokens());
        Assert.Throws<ObjectDisposedException>(() => token.FindKey(new("wrap"), SystemRandom.Fill));
        token.Dispose();
        using var again = HsmModule.Load(SoftHsm.Path!, TimeProvider.System, TimeSpan.FromMinutes(5));
        using var pin = SecretBuffer.CopyOf(Encoding.UTF8.GetBytes(SoftHsm.Pin));
        again.Open(SoftHsm.Name, pin, HsmUse.Unlock).Dispose();
    }

    private static HsmException Failure(Action action) => Assert.Throws<HsmException>(action);

    private HsmTokenInfo Info() => _hsm.Module.Tokens().Single(static t => t.Label == SoftHsm.Label);
}

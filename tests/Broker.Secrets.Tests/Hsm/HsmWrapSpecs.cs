using Broker.Protocol.Custody;

namespace Broker.Secrets.Tests.Hsm;

public sealed class HsmWrapSpecs : GaugedSpecs
{
    private readonly SoftHsm _hsm;
    private readonly HsmToken _token;
    private readonly HsmKey _key;
    private readonly CustomerSecret _secret;

    public HsmWrapSpecs()
    {
        _hsm = Keep(new SoftHsm());
        _token = Keep(_hsm.Open());
        _key = _token.MakeKey("wrap", new byte[] { 1 }, SystemRandom.Fill);
        _secret = Keep(Custody.NewSecret(Custody.Acme));
    }

    [SkippableFact]
    public void Wrap_kept_in_the_token_should_unlock_after_a_restart_without_people()
    {
        _token.KeepWrap(Wraps.Seal(_secret, _key));
        _token.Dispose();
        _hsm.LoadAgain();

        using var token = _hsm.Open(HsmUse.Unlock);
        var wrap = Assert.Single(Find(token));
        Assert.Equal(WrapFailure.None, WrapRecord.TryOpen(token.FindKey(new("wrap"), SystemRandom.Fill), wrap, out var record));
        using (record)
        {
            Assert.Equal(WrapFailure.None, record!.TryUnlock(out var secret));
            using (secret)
            {
                Assert.Equal(_secret.Identity, secret!.Identity);
            }
        }
    }

    [SkippableFact]
    public void Wrap_should_be_replaced_and_removed()
    {
        var (first, second) = (Wraps.Seal(_secret, _key), Wraps.Seal(_secret, _key));
        Assert.Empty(Find(_token));

        _token.KeepWrap(first);
        Assert.Equal(first.Encode(), Assert.Single(Find(_token)).Encode());
        _token.KeepWrap(second);
        Assert.Equal(second.Encode(), Assert.Single(Find(_token)).Encode());

        Assert.True(Remove());
        Assert.False(Remove());
        Assert.Empty(Find(_token));
    }

    [SkippableFact]
    public void Wraps_of_other_customers_epochs_and_ways_should_stay_apart()
    {
        using var other = Custody.NewSecret(Custody.Other);
        using var later = Custody.NewSecret(Custody.Acme, epoch: 2);
        SealedWrap[] all =
        [
            Wraps.Seal(_secret, _key), Wraps.Seal(other, _key), Wraps.Seal(later, _key),
            Wraps.SealAll(_secret, _key, Wraps.OtherWay).Wrap,
        ];
        foreach (var wrap in all)
            _token.KeepWrap(wrap);

        foreach (var wrap in all)
            Assert.Equal(wrap.Encode(), Assert.Single(_token.FindWraps(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way,
                wrap.Split)).Encode());
        Assert.True(Remove());
        Assert.Equal(3, all[1..].Count(w => _token.FindWraps(w.Cluster, w.Customer, w.Epoch, w.Way, w.Split).Count == 1));
    }

    [SkippableFact]
    public void All_wraps_should_be_listed_whatever_they_are_of_and_nothing_else()
    {
        using var other = Custody.NewSecret(Custody.Other);
        SealedWrap[] all = [Wraps.Seal(_secret, _key), Wraps.Seal(other, _key), Wraps.SealAll(_secret, _key, Wraps.OtherWay).Wrap];
        Assert.Empty(_token.AllWraps());
        foreach (var wrap in all)
            _token.KeepWrap(wrap);
        Plant([1, 2, 3]);

        Assert.Equal(
            all.Select(static w => Convert.ToHexString(w.Encode())).Order(),
            _token.AllWraps().Select(static w => Convert.ToHexString(w.Encode())).Order());
        Assert.True(_token.RemoveWraps(other.Cluster, other.Customer, other.Epoch, Wraps.Way, Wraps.Split));
        Assert.Equal(2, _token.AllWraps().Count);
    }

    [SkippableFact]
    public void Replacement_that_was_interrupted_should_leave_both()
    {
        var (first, second) = (Wraps.Seal(_secret, _key), Wraps.Seal(_secret, _key));
        _token.KeepWrap(first);
        Plant(second.Encode());

        Assert.Equal(2, Find(_token).Count);
        _token.KeepWrap(second);
        Assert.Equal(second.Encode(), Assert.Single(Find(_token)).Encode());
    }

    [SkippableFact]
    public void Object_that_is_no_wrap_should_say_so_and_not_hide_one()
    {
        Plant([1, 2, 3]);
        Plant((Wraps.Seal(_secret, _key) with { Customer = Custody.Other }).Encode());
        Assert.Equal(HsmFailure.WrapUnreadable, Assert.Throws<HsmException>(() => Find(_token)).Failure);

        var wrap = Wraps.Seal(_secret, _key);
        Plant(wrap.Encode());

        Assert.Equal(wrap.Encode(), Assert.Single(Find(_token)).Encode());
    }

    [SkippableFact]
    public void Wrap_and_private_key_should_not_be_seen_without_the_pin()
    {
        _token.KeepWrap(Wraps.Seal(_secret, _key));
        Assert.Equal((1, 1), (_token.Count(Of(Ck.ClassData)), _token.Count(Of(Ck.ClassPrivateKey))));

        _token.Behind(static (calls, session) => calls.Logout(session));

        Assert.Equal((0, 0), (_token.Count(Of(Ck.ClassData)), _token.Count(Of(Ck.ClassPrivateKey))));
    }

    [SkippableFact]
    public void Token_opened_for_unlocking_should_keep_and_remove_nothing()
    {
        var wrap = Wraps.Seal(_secret, _key);
        _token.KeepWrap(wrap);
        using var token = _hsm.Open(HsmUse.Unlock);

        Assert.Equal("C_CreateObject: CKR_SESSION_READ_ONLY", Assert.Throws<HsmException>(() => token.KeepWrap(wrap)).Code);
        Assert.Throws<HsmException>(() => token.RemoveWraps(Custody.Cluster, Custody.Acme, 1, Wraps.Way, Wraps.Split));
        Assert.Single(Find(token));
    }

    private static Template Of(ulong kind) => new Template().Number(Ck.Class, kind);

    private static IReadOnlyList<SealedWrap> Find(HsmToken token) =>
        token.FindWraps(Custody.Cluster, Custody.Acme, 1, Wraps.Way, Wraps.Split);

    private bool Remove() => _token.RemoveWraps(Custody.Cluster, Custody.Acme, 1, Wraps.Way, Wraps.Split);

    private void Plant(byte[] value) => _token.Create(new Template()
        .Number(Ck.Class, Ck.ClassData).Flag(Ck.Token, true).Flag(Ck.Private, true).Text(Ck.Application, "broker")
        .Text(Ck.Label, SealedWrap.ObjectLabel(Custody.Cluster, Custody.Acme, 1, Wraps.Way, Wraps.Split)).Bytes(Ck.Value, value));
}

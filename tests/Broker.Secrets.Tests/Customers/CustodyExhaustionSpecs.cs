using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

public sealed class CustodyExhaustionSpecs : GaugedSpecs
{
    private readonly CustomerSecret _secret;

    public CustodyExhaustionSpecs() => _secret = Keep(Custody.NewSecret(Custody.Acme));

    [Fact]
    [Trait("Invariant", "I10")]
    public void Customer_secret_should_be_made_whole_or_not_at_all()
    {
        AssertWalk(4, static () => Custody.NewSecret(Custody.Acme).Dispose());
        AssertWalk(4, () => CustomerSecret.Take(SecretBuffer.Allocate(CustomerSecret.Length), Custody.Cluster, Custody.Acme, 1).Dispose());
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Row_should_be_sealed_and_opened_whole_or_not_at_all()
    {
        var row = RowCipher.Seal(_secret, Rows.Header(6), "secret"u8, SystemRandom.Fill);

        AssertWalk(2, () => RowCipher.Seal(_secret, Rows.Header(6), "secret"u8, SystemRandom.Fill));
        AssertWalk(3, () =>
        {
            Assert.Equal(RowFailure.None, RowCipher.TryOpen(_secret, row, Rows.Entry, 3, out var plaintext));
            plaintext!.Dispose();
        });
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Shares_should_be_made_and_used_whole_or_not_at_all()
    {
        using var custody = new Custody(_secret, 2, 3);
        using var first = custody.Open(0);
        using var second = custody.Open(1);
        using var incarnation = P256PrivateKey.Generate(SystemRandom.Fill);
        var key = PublicKey.Parse(incarnation.PublicKey);

        AssertWalk(5, () =>
        {
            foreach (var (_, confirmation, _) in ShareRecord.SealAll(_secret, custody.Way, custody.Split, SystemRandom.Fill))
                confirmation.Dispose();
        });
        AssertWalk(5, () => ShareRecord.Combine([first, second])!.Dispose());
        AssertWalk(2, () => first.Confirm("challenge"u8));
        AssertWalk(2, () => first.Prove(Wraps.Challenge()));
        AssertWalk(2, () => first.SealForUnlock(key, [], SystemRandom.Fill));
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Handshake_should_end_whole_or_not_at_all()
    {
        using var given = new Handshake();

        AssertWalk(6, () =>
        {
            using var agent = AgentHandshake.Begin(given.OwnerHello, given.AgentKey, Handshake.Boot, 3, 11, SystemRandom.Fill);
            var (owner, finish) = OwnerHandshake.Finish(given.OwnerHello, agent.Answer, given.Secret, SystemRandom.Fill);
            using (owner)
                agent.Finish(finish, given.Pinned).Dispose();
        });
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Context_should_be_made_whole_or_not_at_all()
    {
        using var receiver = P256PrivateKey.Generate(SystemRandom.Fill);
        var (_, hpke) = Hpke.SetupBaseS(receiver.PublicKey, [], SystemRandom.Fill);
        using (hpke)
            AssertWalk(3, () => new SessionContext(Digest.Zero, hpke, owner: true).Dispose());
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Session_should_keep_its_place_where_memory_ends()
    {
        using var handshake = new Handshake();
        var (owner, finish) = handshake.Finish();
        using (owner)
        using (var agent = handshake.Agent.Finish(finish, handshake.Pinned))
        {
            var messages = new List<SealedMessage>();
            var next = 0;

            AssertWalk(4, () => messages.Add(owner.Seal(Messages.Header, "secret"u8, SystemRandom.Fill)));
            // Once before the refusals and once after them; those have used up no number.
            Assert.Equal([0, 1], messages.Select(agent.Peek).Select(static h => (int)h.Number));
            AssertWalk(4, () =>
            {
                agent.Open(messages[next], out _).Dispose();
                next++;
            });
            Assert.Equal(2, next);
        }
    }

    private static void AssertWalk(int least, Action operation)
    {
        var refusals = Exhaustion.Walk(operation);
        Assert.True(refusals >= least, $"refused {refusals} times only");
    }
}

using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>
/// Whether custody that is durable rebuilds what durable rows need: from what the holders have, with each smallest set of them, and
/// with nothing that a node has in memory.
/// </summary>
internal sealed class Epochs(World world, Cluster cluster)
{
    private Signed? _custody;
    private CustomerSecret? _secret;

    /// <summary>Epochs that began after the first one.</summary>
    public int Begun { get; private set; }

    /// <summary>Whether an identity was given up as compromised, so that agents do not follow.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Whether rows of an epoch before are left, or its custody.</summary>
    public bool IsRotating => world.Oracle.Customer(People.Customer) is { } customer && (
        cluster.Disk.LiveRows(customer.Customer).Any(r => r.Epoch != customer.Custody.Epoch) ||
        (customer.Custody.Epoch > 1 && cluster.Disk.Entry(customer.Customer, EntryKey.Custody(customer.Custody.Epoch - 1)) is not null));

    /// <summary>A commit has become durable.</summary>
    public void Look(CustomerRecord customer, bool hasRows) => world.Run(null, () =>
    {
        var isNew = _custody is not { } before || !before.Statement.Span.SequenceEqual(customer.SignedCustody.Statement.Span);
        if (isNew)
        {
            LookAtCustody(customer);
        }

        if (isNew || hasRows)
        {
            LookAtRows(customer);
        }
    });

    private void LookAtCustody(CustomerRecord customer)
    {
        Begun = Math.Max(Begun, (int)customer.Custody.Epoch - 1);
        (_custody, _secret) = (customer.SignedCustody, null);
        if (cluster.People.MakingOf(customer.SignedCustody) is not { } making)
        {
            world.Oracle.Fail("epoch-without-custody", "a custody record counts, and nobody was given what it says");
            return;
        }

        if (!making.IsConfirmed)
        {
            world.Oracle.Fail("epoch-before-custody", "a custody record counts before all its holders have confirmed");
        }

        foreach (var secret in making.Rebuild())
        {
            if (secret?.Identity.Equals(customer.Custody.Identity) != true)
            {
                world.Oracle.Fail("epoch-without-custody", "what holders have does not rebuild the secret of the epoch");
                return;
            }

            _secret?.Dispose();
            _secret = secret;
        }
    }

    private void LookAtRows(CustomerRecord customer)
    {
        foreach (var row in cluster.Disk.LiveRows(customer.Customer))
        {
            if (_secret is not null && !IsReadable(_secret, row))
            {
                world.Oracle.Fail(
                    "row-unreadable", $"a row of epoch {row.Epoch} does not open with what holders of epoch {_secret.Epoch} have");
            }
        }
    }

    private bool IsReadable(CustomerSecret secret, EntryRecord row)
    {
        var stored = Statement.Read<StoredRow>(row.Statement.Span);
        var header = Statement.Read<RowHeader>(stored.Header.Span);
        var entry = new CredentialEntry(
            header.Cluster, header.Customer, header.Credential, header.Kind, ReleasePolicy.Default, header.Version, header.Length,
            world.Clock.UtcNow, header.Customer);
        world.Oracle.IsLooking = true;
        var failure = RowCipher.TryOpen(secret, stored, entry, header.Version, out var plaintext);
        world.Oracle.IsLooking = false;
        plaintext?.Dispose();
        return failure == RowFailure.None && header.Epoch == row.Epoch;
    }
}

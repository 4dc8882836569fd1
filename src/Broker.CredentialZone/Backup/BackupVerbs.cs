using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Sqlite;
using Broker.Host;
using Broker.Host.Running;
using Broker.Links.Identity;

namespace Broker.CredentialZone.Backup;

/// <summary><c>broker-zone backup</c>, <c>restore</c> and <c>verify</c>.</summary>
internal static class BackupVerbs
{
    private const string To = "--to";
    private const string From = "--from";
    private const string OfFile = "--file";
    private const string Replace = "--replace";
    private const string Manifest = ".manifest";

    /// <summary>The commands.</summary>
    public static IReadOnlyList<NodeVerb<ZoneSettings>> All { get; } =
    [
        new("backup", """
            Copies the store while the zone runs, and verifies the copy before it gets its name

            Of SQLite. PostgreSQL and SQL Server have their own tools for it; broker-zone verify checks what they restored.

            Whoever has the copy opens no row: it holds no key. What is verified and what is not is said at the end. Beside it comes
            FILE.manifest, one row of each customer, by which brokerctl backup verify has the keys' holders open what this zone cannot.

            Example: broker-zone backup --config /etc/broker/zone.conf --to /backup/zone-2026-11-22.db
            """, [new(To, "The file to make; it must not exist.", "FILE", true)], Backup),
        new("restore", """
            Verifies a backup and puts it in the place of the store of a zone that does not run

            A store that is there is kept under another name. Afterwards each customer whose head is older than what witnesses have seen
            waits for its custodians: brokerctl customer unlock NAME … --accept-head COUNTER.

            Example: broker-zone restore --config /etc/broker/zone.conf --from /backup/zone-2026-11-22.db --replace
            """,
            [
                new(From, "The backup.", "FILE", true),
                new(Replace, "A store is there: keep it under another name, and put the backup in its place.", null, false),
            ], Restore),
        new("verify", """
            Verifies the store, or a backup: every chain, tree, entry and row, and the tables against the ledger

            Of PostgreSQL too: name in the configuration the server to look at, a standby or a restored one as well.

            Example: broker-zone verify --config /etc/broker/zone.conf
                     broker-zone verify --config /etc/broker/zone.conf --file /backup/zone-2026-11-22.db
            """, [new(OfFile, "A backup; else the store.", "FILE", false)], Verify),
    ];

    private static int Backup(ZoneSettings settings, NodeVerbInput input)
    {
        ServerStore.Refuse(settings, "backup");
        var (target, store) = (input.Values[To], settings.Database.Path);
        if (File.Exists(target))
        {
            throw new StartException($"{target} exists; name a file that does not");
        }

        if (!File.Exists(store))
        {
            throw new StartException($"{store} does not exist; start the zone once, or correct broker.zone.store.path");
        }

        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(target))))
        {
            throw new StartException($"the directory of {target} does not exist; make it, with mode 0700");
        }

        var (partial, manifest) = (target + ".partial", target + Manifest);
        if (File.Exists(manifest))
        {
            throw new StartException($"{manifest} exists; name a backup that has none");
        }

        File.Delete(partial);
        File.Delete(manifest + ".partial");
        try
        {
            StoreCopy.Snapshot(store, partial, Copied(input));
            var verified = StoreFile.Verify(partial, isLive: false, Trust(settings), input.Time, Walked(input));
            if (verified.Findings.Count > 0)
            {
                Tell(input, verified, partial);
                input.Error.WriteLine("no backup was made: the store itself is not as it was signed; keep the backups that you have");
                return ExitCodes.Unverified;
            }

            var (customers, rows) = ManifestFile.Write(partial, manifest + ".partial", Trust(settings).Cluster);
            StoreCopy.Publish(partial, target);
            StoreCopy.Publish(manifest + ".partial", manifest);
            var told = Tell(input, verified, target);
            input.Output.WriteLine(
                $"to open    one row of each of {rows} customers ({customers - rows} have none), where they are unlocked:");
            input.Output.WriteLine($"           brokerctl backup verify --manifest {manifest}");
            return told;
        }
        finally
        {
            File.Delete(partial);
            File.Delete(manifest + ".partial");
        }
    }

    private static int Restore(ZoneSettings settings, NodeVerbInput input)
    {
        ServerStore.Refuse(settings, "restore");
        var (source, store) = (input.Values[From], settings.Database.Path);
        using var held = SqliteZoneDatabase.HoldFor(store);
        if (File.Exists(store) && !input.Values.ContainsKey(Replace))
        {
            throw new StartException($"{store} exists; add --replace to keep it under another name and put the backup in its place");
        }

        var verified = StoreFile.Verify(source, isLive: false, Trust(settings), input.Time, Walked(input));
        if (verified.Findings.Count > 0)
        {
            Tell(input, verified, source);
            input.Error.WriteLine("nothing was restored: take an older backup");
            return ExitCodes.Unverified;
        }

        var partial = store + ".restoring";
        File.Delete(partial);
        try
        {
            StoreCopy.Copy(source, partial, Copied(input));
            SetAside(store, input);
            StoreCopy.Publish(partial, store);
        }
        finally
        {
            File.Delete(partial);
        }

        Tell(input, verified, store);
        input.Output.WriteLine("restored. Start broker-zone. A customer of which a node or a console has seen a later head than is listed");
        input.Output.WriteLine("here stays locked until its custodians accept it: brokerctl customer unlock NAME … --accept-head COUNTER");
        verified.Customers.ForEach(c => input.Output.WriteLine($"  {c.Customer}  head {c.Head}"));
        return ExitCodes.Ok;
    }

    private static int Verify(ZoneSettings settings, NodeVerbInput input)
    {
        var file = input.Values.GetValueOrDefault(OfFile);
        if (file is null && ServerStore.Is(settings))
        {
            return Tell(input, ServerStore.Verify(settings, Trust(settings), input.Time, Walked(input)), settings.StoreDisplay);
        }

        var verified = StoreFile.Verify(
            file ?? settings.Database.Path, isLive: file is null, Trust(settings), input.Time, Walked(input));
        return Tell(input, verified, file ?? settings.Database.Path);
    }

    // Logs belong to the file that they stand beside: they go along, or they would be taken for those of the one that comes.
    private static void SetAside(string store, NodeVerbInput input)
    {
        var aside = $"{store}.before-{input.Time.GetUtcNow():yyyyMMddTHHmmssfff}";
        foreach (var end in new[] { "", "-wal", "-shm" })
        {
            if (File.Exists(store + end))
            {
                File.Move(store + end, aside + end);
                input.Output.WriteLine($"kept       {aside + end}");
            }
        }
    }

    private static int Tell(NodeVerbInput input, Verification verified, string file)
    {
        var o = input.Output;
        foreach (var finding in verified.Findings)
        {
            o.WriteLine($"ALTERED    {finding}");
        }

        o.WriteLine($"verified   {verified.Blocks} blocks: links, signatures of the ledger's key, heads entered in the cluster's chain");
        o.WriteLine($"           {verified.Entries} entries and rows against the heads of {verified.Customers.Count} customers");
        o.WriteLine($"           {verified.HandOffs} hand-offs, fences, locks and heads against the ledger");
        o.WriteLine(
            $"not opened {verified.Rows} rows of {verified.Customers.Count} customers: this zone holds no key; " +
            "their bytes are those under the heads");
        verified.NotCompared.ForEach(n => o.WriteLine($"not shown  the tables of {n}"));
        o.WriteLine(
            "not shown  who signed each request (brokerctl audit verify), and whether this is the newest state (witnesses at unlock)");
        o.WriteLine(verified.Findings.Count == 0 ? $"ok         {file}" : $"BROKEN     {file}: {verified.Findings.Count} findings");
        return verified.Findings.Count == 0 ? ExitCodes.Ok : ExitCodes.Unverified;
    }

    private static LinkTrust Trust(ZoneSettings settings)
    {
        try
        {
            return LinkTrust.Load(settings.Tls.Root);
        }
        catch (InstallationKeyException fault)
        {
            throw new StartException(fault.Message);
        }
    }

    private static Action<long, long> Copied(NodeVerbInput input)
    {
        var told = -1L;
        return (bytes, size) =>
        {
            var percent = size == 0 ? 100 : Math.Min(100, bytes * 100 / size);
            if (percent / 5 != told)
            {
                told = percent / 5;
                input.Error.WriteLine($"copied {bytes >> 20} of at most {size >> 20} MiB");
            }
        };
    }

    private static Action<string> Walked(NodeVerbInput input)
    {
        var last = input.Time.GetTimestamp();
        var count = 0;
        return customer =>
        {
            count++;
            if (input.Time.GetElapsedTime(last) > TimeSpan.FromSeconds(2))
            {
                last = input.Time.GetTimestamp();
                input.Error.WriteLine($"verifying customer {count}: {customer}");
            }
        };
    }
}

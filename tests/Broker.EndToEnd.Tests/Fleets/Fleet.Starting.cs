using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Links.Identity;

namespace Broker.EndToEnd.Tests.Fleets;

/// <content>What a fleet is started from.</content>
internal sealed partial class Fleet
{
    private async Task StartServersAsync()
    {
        var database = Network.Add("database");
        var etcd = Enumerable.Range(1, _options.Etcd).Select(i => Network.Add($"etcd-{i}")).ToList();
        Etcd = new EtcdServers(etcd, _authority, Directory.CreateDirectory(Path.Combine(Work, "etcd")).FullName);
        for (var i = 0; i < Etcd.Count; i++)
            Etcd.Start(i);
        Database = await Database.StartAsync(database, _authority, Work);
        if (Etcd.Count > 0)
            await Etcd.LedAsync();
    }

    private void StartNodes()
    {
        var zones = Enumerable.Range(1, _options.Zones).Select(i => Network.Add($"zone-{i}")).ToList();
        if (_options.AreZonesTrapped)
            Traps = [.. zones.Select(z => Trap.Set(z, Database.Machine, Database.Port, ZonePort))];
        Zones = [.. zones.Select(Zone)];
        var machines = Enumerable.Range(1, _options.Dmz).Select(i => Network.Add($"dmz-{i}")).ToList();
        Dmz = [.. machines.Select(m => DmzNode(m, machines))];
        Migrate(ZoneSettings(zones[0], "60 s", "-migrate"));
        foreach (var zone in Zones)
            _health[zone] = new HealthProbe(Ca, Dmz[0].Name, LinkRole.Zone, zone.Machine.Address, ZonePort);
        foreach (var node in Dmz)
            _health[node] = new HealthProbe(Ca, "console-1", LinkRole.Dmz, node.Machine.Address, ConsolePort);
        foreach (var node in Nodes)
            node.Start();
        _apis.AddRange(machines.Select(m => new ApiClient(
            ConsolePort, $"{Ca}/console-1.crt", $"{Ca}/console-1.key", $"{Ca}/root.crt", Customer, m.Address)));
    }

    // From where the tests are: the owner of the tables comes from there alone.
    private static void Migrate(string settings)
    {
        using var migrate = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                Executables.Zone, ["migrate", "--config", settings, "--as", Database.Owner, "--grants"])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = migrate.StandardOutput.ReadToEnd() + migrate.StandardError.ReadToEnd();
        migrate.WaitForExit();
        if (migrate.ExitCode != 0)
            throw new InvalidOperationException("the tables were not made: " + said);
    }

    private Node Zone(Machine machine)
    {
        // What a loaded machine needs to connect; a zone that stands still holds up others for so long.
        var file = ZoneSettings(machine, "5 s");
        return new Node(machine, Executables.Zone, ["--config", file]);
    }

    private string ZoneSettings(Machine machine, string deadline, string suffix = "")
    {
        var (certificate, key) = _authority.Issue(machine.Name + suffix + "-database", machine.Address, Database.Role);
        var file = Path.Combine(Work, machine.Name + suffix + ".conf");
        File.WriteAllText(file, $$"""
            broker {
              tls { root = "{{Ca}}/root.crt", certificate = "{{Ca}}/{{machine.Name}}.crt", key = "{{Ca}}/{{machine.Name}}.key" }
              zone {
                listen = "{{machine.Address}}:{{ZonePort}}"
                store {
                  kind = postgresql
                  server {
                    hosts = [ "{{Database.Address}}:{{Database.Port}}" ]
                    user = {{Database.Role}}, root-certificate = "{{_authority.Root}}"
                    certificate = "{{certificate}}", key = "{{key}}"
                    deadline = {{deadline}}
                  }
                }
                ledger { certificate = "{{Ca}}/ledger-1.crt", key = "{{Ca}}/ledger-1.key" }
                {{_options.ZoneSettings}}
              }
            }
            """);
        return file;
    }

    private Node DmzNode(Machine machine, IReadOnlyList<Machine> all)
    {
        var state = Directory.CreateDirectory(
            Path.Combine(Work, machine.Name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var file = Path.Combine(Work, machine.Name + ".conf");
        var peers = string.Join(", ", all.Where(m => m != machine).Select(static m => $"{m.Name} = \"https://{m.Address}:{PeersPort}\""));
        File.WriteAllText(file, $$"""
            broker {
              tls { root = "{{Ca}}/root.crt", certificate = "{{Ca}}/{{machine.Name}}.crt", key = "{{Ca}}/{{machine.Name}}.key" }
              dmz {
                agent-issuer { certificate = "{{Ca}}/agents-1.crt", key = "{{Ca}}/agents-1.key" }
                state-directory = "{{state}}"
                console.listen = "{{machine.Address}}:{{ConsolePort}}"
                agents.listen = "{{machine.Address}}:{{AgentsPort}}"
                enrolment.listen = "{{machine.Address}}:{{EnrolmentPort}}"
                zone.addresses = [ {{string.Join(", ", Zones.Select(static z => $"\"https://{z.Machine.Address}:{ZonePort}\""))}} ]
                peers { listen = "{{machine.Address}}:{{PeersPort}}", nodes { {{peers}} } }
                admission.mode = auto
                {{Membership(machine)}}
                {{_options.DmzSettings}}
              }
            }
            """);
        return new Node(machine, Executables.Dmz, ["--config", file]);
    }

    private string Membership(Machine machine)
    {
        if (Etcd.Count == 0)
            return "";
        var (certificate, key) = _authority.Issue(machine.Name + "-etcd", machine.Address);
        return $$"""
            cluster {
              membership = etcd
              etcd {
                endpoints = [ {{Etcd.Endpoints}} ]
                ca = "{{_authority.Root}}", certificate = "{{certificate}}", key = "{{key}}", ttl = 5 s
              }
            }
            """;
    }

    private async Task EnrolAsync()
    {
        await Console.OkAsync(
            "init", "--root", $"{Ca}/root.crt", "--certificate", $"{Ca}/console-1.crt", "--key", $"{Ca}/console-1.key",
            "--gateway", $"https://{Dmz[0].Machine.Address}:{ConsolePort}", "--enrolment", $"{Dmz[0].Machine.Address}:{EnrolmentPort}",
            "--user", "alice");
        foreach (var kind in new[] { "users", "custodians" })
        {
            var keys = Directory.CreateDirectory(Path.Combine(Console.Profile, kind)).FullName;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(_certificates.Keys, kind)))
                File.Copy(file, Path.Combine(keys, Path.GetFileName(file)), overwrite: true);
        }

        string[] custodians = [.. Certificates.Custodians.SelectMany(
            c => new[] { "--custodian", $"{c}={Console.Profile}/custodians/{c}.pub" })];
        var shares = Path.Combine(Work, "shares");
        await Console.OkAsync([
            "customer", "enrol", Customer, "--threshold", "2", "--one-way-only", .. custodians,
            "--administrator", $"alice={Console.Profile}/users/alice.pub", "--administrators-required", "1", "--shares-directory", shares]);
        foreach (var custodian in Certificates.Custodians)
            await Console.ConfirmAsync(Customer, "--custodian", custodian, "--share", $"{shares}/{custodian}.share");
        await Console.OkAsync(
            "policy", "put", "web", "--customer", Customer, "--label", "web", "--use", "record", "--use", "final", "--use", "keep");
    }

    private async Task StartAgentsAsync()
    {
        var machine = Network.Add("agents");
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(Agents, options, async (agent, _) => await EnrolAgentAsync(machine, agent));
    }

    private async Task EnrolAgentAsync(Machine machine, string agent)
    {
        var token = Path.Combine(Volatile, agent + ".token");
        await Console.OkAsync(
            "agent", "invite", agent, "--customer", Customer, "--instance", "i-" + agent, "--label", "web", "--token-file", token);
        var file = Path.Combine(Work, agent + ".conf");
        await File.WriteAllTextAsync(file, $$"""
            broker.agent {
              dmz = [ {{string.Join(", ", Dmz.Select(static d => $"\"{d.Machine.Address}:{AgentsPort}\""))}} ]
              state.directory = "{{Path.Combine(Volatile, agent)}}"
              session { reconnect-from = 50ms, reconnect-to = 1s }
              uses {
                keep { mode = hold, hold-for = 200ms, at-most = 4096 }
                record { mode = stdin, at-most = 64, environment { PATH = "/usr/bin:/bin" }
                  command = [ "/bin/sh", "-c", "h=$(sha256sum) && echo \"$h\" >> {{Opened}}/{{agent}}.record" ] }
                final { mode = stdin, at-most = 64, environment { PATH = "/usr/bin:/bin" }
                  command = [ "/bin/sh", "-c", "h=$(sha256sum) && echo \"$h\" >> {{Opened}}/{{agent}}.final" ] }
              }
            }
            """);
        var (program, arguments) = PrivateNetwork.On(machine, Executables.Agent, ["enrol", "--config", file, "--token-file", token]);
        await AgentEnrolment.RunAsync(agent, () => BrokerProcess.Start("agent enrol", program, arguments));
        (program, arguments) = PrivateNetwork.On(machine, Executables.Agent, ["run", "--config", file]);
        var run = BrokerProcess.Start(agent, program, arguments);
        lock (_agents)
            _agents.Add(run);
        await run.LoggedAsync("session is live");
    }
}

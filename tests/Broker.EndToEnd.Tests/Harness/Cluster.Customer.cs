using Broker.EndToEnd.Tests.Client;

namespace Broker.EndToEnd.Tests.Harness;

/// <content>The customer and its agent.</content>
internal sealed partial class Cluster
{
    private string AgentConfiguration => Path.Combine(Work, "agent.conf");

    /// <summary>
    /// Starts everything: a customer that is unlocked, the policy <c>web</c> for some uses, the agent <c>web-1</c> with a session.
    /// </summary>
    public static async Task<Cluster> StartReadyAsync(Certificates certificates, ClusterOptions options, params string[] uses)
    {
        var cluster = await StartAsync(certificates, options);
        try
        {
            await cluster.EnrolAsync();
            await cluster.PutPolicyAsync(uses);
            await cluster.EnrolAgentAsync();
            return cluster;
        }
        catch (Exception problem)
        {
            var logs = cluster.Logs();
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"the cluster did not start: {problem.Message}\n{logs}", problem);
        }
    }

    /// <summary>Enrols the customer with 2 of 3 custodians; it is unlocked when all have confirmed.</summary>
    public async Task EnrolAsync()
    {
        string[] custodians =
            [.. Certificates.Custodians.SelectMany(c => new[] { "--custodian", $"{c}={Console.Profile}/custodians/{c}.pub" })];
        await Console.OkAsync([
            "customer", "enrol", CustomerName, "--threshold", "2", "--one-way-only", .. custodians,
            "--administrator", $"alice={Console.Profile}/users/alice.pub", "--administrators-required", "1", "--shares-directory", Shares]);
        foreach (var custodian in Certificates.Custodians)
            await Console.ConfirmAsync(CustomerName, "--custodian", custodian, "--share", $"{Shares}/{custodian}.share");
    }

    /// <summary>Sets the policy <c>web</c>: the agent <c>web-1</c>, and its uses.</summary>
    public Task<BrokerctlResult> PutPolicyAsync(params string[] uses) => Console.OkAsync(
        ["policy", "put", "web", "--customer", CustomerName, "--agent", "web-1", .. uses.SelectMany(static u => new[] { "--use", u })]);

    /// <summary>Puts a credential under the policy <c>web</c>, by standard input.</summary>
    public Task<BrokerctlResult> PutAsync(string credential, ReadOnlyMemory<byte> content) => Console.OkAsync(
        content, "credential", "put", credential, "--customer", CustomerName, "--kind", "opaque", "--policy", "web");

    /// <summary>Invites and enrols the agent <c>web-1</c> and starts it.</summary>
    public async Task EnrolAgentAsync()
    {
        var token = Path.Combine(Volatile, "token");
        await Console.OkAsync(
            "agent", "invite", "web-1", "--customer", CustomerName, "--instance", "i-0001", "--label", "web", "--token-file", token);
        WriteAgentSettings();
        await AgentEnrolment.RunAsync("web-1", () => Start(
            "agent enrol", Executables.Agent, "enrol", "--config", AgentConfiguration, "--token-file", token));
        await StartAgentAsync();
    }

    /// <summary>Starts the agent and waits for its session.</summary>
    public Task StartAgentAsync()
    {
        Agent = Add(BrokerProcess.Start("agent", Executables.Agent, "run", "--config", AgentConfiguration));
        return SessionAsync();
    }

    /// <summary>Waits for a session that came to be after some length of the agent's log.</summary>
    public Task SessionAsync(int from = 0) => Agent.LoggedAsync("session is live", from);

    /// <summary>Kills the DMZ node, starts it again, unlocks as custodians, and waits for the agent's session.</summary>
    public async Task RestartDmzAsync()
    {
        var logged = Agent.Log.Length;
        await Dmz.KillAsync();
        StartDmz();
        await DmzReadyAsync();
        await Custody.UnlockAsync(this);
        await SessionAsync(logged);
    }

    /// <summary>Unlocks by two custodians with brokerctl.</summary>
    public async Task UnlockAsync()
    {
        var unlocked = await Console.UnlockAsync(CustomerName, [.. Certificates.Custodians.Take(2).Select(c => Share(c))]);
        Assert.True(unlocked.Exit == Brokerctl.Ok, unlocked.ToString());
    }

    /// <summary>Options of brokerctl that name a custodian and the share that was made at the enrolment, and further ones.</summary>
    public string[] Share(string custodian, params string[] options) =>
        ["--custodian", custodian, "--share", $"{Shares}/{custodian}.share", .. options];

    private void WriteAgentSettings() => File.WriteAllText(AgentConfiguration, $$"""
        broker.agent {
          dmz = [ "127.0.0.1:{{AgentDetour ?? AgentsPort}}" ]
          {{Patient.Agent}}
          state.directory = "{{AgentState}}"
          secrets.backing = mmap
          session { reconnect-from = 100ms, reconnect-to = 1s }
          {{_options.AgentSettings}}
          uses {
            {{_options.Uses}}
          }
        }
        """);
}

using System.Diagnostics;
using Broker.Agent.Commands;
using Broker.Agent.Native;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;

namespace Broker.Agent.Tests;

/// <summary>The executable itself, as its own process.</summary>
[Collection(SecretsCollection.Name)]
public sealed class ProcessSpecs
{
    internal static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "broker-agent"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath)!;
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    internal static async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    internal static string Configure(AgentWorld world, string? uses = null, string more = "")
    {
        // 4 MiB are within what an ordinary user may lock.
        File.WriteAllText(world.Directory["agent.conf"], $$"""
            broker.agent {
              dmz = ["{{world.Dmz.Address.Authority}}"]
              secrets { capacity = 4MiB, crypto-heap = 64KiB }
              state.directory = "{{world.Directory["state"]}}"
              connect-timeout = 1m
              stop-timeout = 1m
              session { reconnect-from = 1ms, reconnect-to = 20ms, handshake-timeout = 1m }
              uses { {{uses ?? world.Uses}} }
              {{more}}
            }
            """);
        return world.Directory["agent.conf"];
    }

    [Fact]
    [Trait("Statement", "C4")]
    public async Task C4_killed_agent_should_know_after_its_restart_what_it_had_opened_and_stop_on_request()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var config = Configure(world);
        using (var first = Start("run", "--config", config))
        {
            var owner = await world.Connect();
            await owner.Send(owner.Seal(1, 1, ("a", "keep", "abc")));
            await owner.Expect(MessageType.Acknowledged, "");
            Assert.Equal(ExitCode.Success, (await Run("status", "--config", config)).Code);
            first.Kill();
            await first.WaitForExitAsync();
            await owner.DisposeAsync();
        }

        using var second = Start("run", "--config", config);
        var next = await world.Connect();
        var (type, state, code, _) = await next.Report();
        Assert.Equal((MessageType.UseEnded, HandOffState.UseUnknown, "agent-restarted"), (type, state, code));
        await next.Send(next.Seal(1, 1, ("a", "print", "abc")));
        await next.Expect(MessageType.Acknowledged, "");
        Assert.Equal("", world.Read("printed"));
        await next.Send(next.Seal(2, 1, ("a", "keep", "abc")));
        await next.Expect(MessageType.Acknowledged, "");

        _ = LibC.Kill(second.Id, LibC.SignalTerminate);
        await next.Expect(MessageType.UseEnded, "released");
        Assert.Equal("stopping", await next.Goodbye());
        await next.DisposeAsync();
        await second.WaitForExitAsync();
        Assert.Equal(ExitCode.Success, second.ExitCode);
        var log = await second.StandardOutput.ReadToEndAsync();
        Assert.Contains("0 bytes of secrets are left", log, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", log, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotRunning, (await Run("status", "--config", config)).Code);
    }

    [Fact]
    public async Task Check_config_should_list_uses_or_everything_that_is_wrong()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var config = Configure(world);

        var good = await Run("check-config", "--config", config);
        File.AppendAllText(config, "\nbroker.agent { uses.bad { mode = copy }, colour = red }\n");
        var bad = await Run("check-config", "--config", config);

        Assert.Equal((ExitCode.Success, ""), (good.Code, good.Error));
        Assert.Contains("serve: file, /bin/sh, credentials key, cert", good.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.WrongConfiguration, bad.Code);
        Assert.Contains("uses.bad.mode", bad.Error, StringComparison.Ordinal);
        Assert.Contains("colour", bad.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_that_cannot_be_used_should_be_refused_with_its_code_and_kept()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var config = Configure(world);
        var token = world.Directory["token"];
        File.WriteAllText(token, "broker-enrol-1.AAAA");

        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var open = await Run("enrol", "--config", config, "--token-file", token);
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var malformed = await Run("enrol", "--config", config, "--token-file", token);

        Assert.Equal(ExitCode.Refused, open.Code);
        Assert.StartsWith("file-mode: ", open.Error, StringComparison.Ordinal);
        Assert.StartsWith("token-malformed: ", malformed.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(token));
    }

    [Fact]
    public async Task Help_should_show_verbs_and_examples_and_a_wrong_line_its_code()
    {
        var help = await Run("--help");
        var wrong = await Run("enrol");

        Assert.Equal(ExitCode.Success, help.Code);
        Assert.Contains("broker-agent enrol --config /etc/broker/agent.conf --token-file -", help.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.WrongConfiguration, wrong.Code);
    }
}

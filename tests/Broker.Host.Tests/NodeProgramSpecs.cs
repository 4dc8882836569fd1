using System.Diagnostics;
using System.Globalization;
using System.Net;
using Broker.Host.Health;
using Broker.Host.Running;
using Broker.Links.Identity;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Tests;

public sealed class NodeProgramSpecs : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-host-");
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Check_config_should_take_a_good_file()
    {
        Assert.Equal(ExitCodes.Ok, await Run(Idle(), ["check-config", "-c", File("broker.probe.page = 3")]));
        Assert.Contains("is good", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_config_should_list_every_problem_with_its_place()
    {
        var code = await Run(
            Idle(), ["check-config", "-c", File("broker.probe.page = 300\nbroker.log.level = loud\nbroker.hots.stop-deadline = 1 s")]);
        Assert.Equal(ExitCodes.Configuration, code);
        var lines = _errors.ToString().TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Contains("node.conf:1: broker.probe.page", lines[0], StringComparison.Ordinal);
        Assert.Contains("node.conf:2: broker.log.level", lines[1], StringComparison.Ordinal);
        Assert.Contains("node.conf:3: broker.hots", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sections_of_other_executables_should_be_left_alone() =>
        Assert.Equal(ExitCodes.Ok, await Run(Idle(), ["check-config", "-c", File("broker { probe.page = 3, dmz.anything = 1 }")]));

    [Fact]
    public async Task Later_files_should_override_earlier_ones() => Assert.Equal(
        ExitCodes.Ok, await Run(Idle(), ["check-config", "-c", File("broker.probe.page = 300"), "-c", File("broker.probe.page = 3")]));

    [Fact]
    public async Task Problems_of_the_start_should_be_listed_without_a_stack_trace()
    {
        var node = Node(static (_, _) => throw new StartException("first problem", "second problem"));
        Assert.Equal(ExitCodes.Start, await Run(node, Good()));
        Assert.Equal("error: first problem\nerror: second problem\n", _errors.ToString());
    }

    [Fact]
    public async Task Unreadable_certificates_should_be_a_start_error()
    {
        var node = Node(static (_, _) => throw new InstallationKeyException("node.key can be read by others; run: chmod 600 node.key"));
        Assert.Equal(ExitCodes.Start, await Run(node, Good()));
        Assert.Equal("error: node.key can be read by others; run: chmod 600 node.key\n", _errors.ToString());
    }

    [Fact]
    [Trait("Statement", "C4")]
    public async Task C4_terminate_should_stop_in_good_order_and_health_should_follow()
    {
        var seen = new List<string>();
        NodeHealth? health = null;
        var started = new TaskCompletionSource();
        var node = Node((context, _) =>
        {
            health = context.Health;
            seen.Add(health.Status);
            context.Health.Report("store", isGood: false, "opening");
            started.SetResult();
            return Task.FromResult<INode>(new Stopping(_ =>
            {
                seen.Add(health.Status);
                return Task.CompletedTask;
            }));
        });
        var run = Run(node, Good());
        await started.Task.WaitAsync(Patience.Limit);
        while (health!.Status == "starting")
            await Task.Yield();
        seen.Add(health.Status);
        health.Report("store", isGood: true);
        seen.Add(health.Status);
        // SIGTERM to this very process: the run's registration takes it.
        using (var kill = Process.Start("kill", ["-TERM", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        Assert.Equal(ExitCodes.Ok, await run);
        Assert.Equal(["starting", "not-ready", "ready", "stopping"], seen);
        Assert.False(health.IsReady);
    }

    [Fact]
    [Trait("Statement", "C5")]
    public async Task C5_failure_while_running_should_stop_the_node_and_be_told()
    {
        var stopped = false;
        var node = Node((context, _) =>
        {
            context.Fail("the store is gone");
            return Task.FromResult<INode>(new Stopping(_ =>
            {
                stopped = true;
                return Task.CompletedTask;
            }));
        });
        Assert.Equal(ExitCodes.Unclean, await Run(node, Good()));
        Assert.True(stopped);
    }

    [Fact]
    [Trait("Statement", "C5")]
    [Trait("Statement", "Diff10")]
    public async Task C5_Diff10_stop_that_passes_its_deadline_should_end_the_process_all_the_same()
    {
        var never = new TaskCompletionSource();
        var node = Node((context, _) =>
        {
            context.Fail("end");
            return Task.FromResult<INode>(new Stopping(_ => never.Task));
        });
        Assert.Equal(ExitCodes.Unclean, await Run(node, ["-c", File("broker { probe.page = 1, host.stop-deadline = 1 s }")]));
    }

    [Fact]
    [Trait("Statement", "C5")]
    public async Task C5_failing_stop_should_be_unclean()
    {
        var node = Node(static (context, _) =>
        {
            context.Fail("end");
            return Task.FromResult<INode>(new Stopping(static _ => throw new InvalidOperationException("in the stop")));
        });
        Assert.Equal(ExitCodes.Unclean, await Run(node, Good()));
    }

    [Fact]
    public async Task Web_application_should_serve_health_and_leave_signals_alone()
    {
        using var logs = LoggerFactory.Create(static _ => { });
        var context = new NodeContext(logs, new NodeHealth(), TimeProvider.System, static _ => { });
        var builder = context.CreateWebBuilder(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.UseRouting();
        app.MapHealth(context.Health);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Equal("{\"status\":\"live\",\"conditions\":[]}", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        context.Health.Report("store", isGood: true);
        var level = 7L;
        context.Health.Measure("level", () => level);
        using (var starting = await http.GetAsync(new Uri("/health/ready", UriKind.Relative)))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, starting.StatusCode);
        context.Health.Started();
        using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(
            """{"status":"ready","conditions":[{"name":"store","good":true,"detail":""}],"gauges":{"level":7}}""",
            await ready.Content.ReadAsStringAsync());
        level = 8;
        Assert.Contains("\"level\":8", await http.GetStringAsync(new Uri("/health/ready", UriKind.Relative)), StringComparison.Ordinal);
        Assert.DoesNotContain("ConsoleLifetime", app.Services.GetRequiredService<IHostLifetime>().GetType().Name, StringComparison.Ordinal);
    }

    private static NodeDefinition<int> Node(Func<NodeContext, int, Task<INode>> start) => new(
        "broker-test", "Test.", "probe", static broker =>
        {
            broker.Exempt("tls");
            return broker.Integer("probe.page", 1, 100);
        }, (context, settings, _) => start(context, settings));

    private static NodeDefinition<int> Idle() => Node(static (_, _) => throw new InvalidOperationException("started"));

    private Task<int> Run(NodeDefinition<int> node, string[] arguments) => NodeProgram.RunAsync(arguments, node, _output, _errors);

    private string[] Good() => ["-c", File("broker { probe.page = 1, host.stop-deadline = 10 minutes }")];

    private string File(string text)
    {
        var path = Path.Combine(_directory.CreateSubdirectory(Path.GetRandomFileName()).FullName, "node.conf");
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    private sealed class Stopping(Func<CancellationToken, Task> stop) : INode
    {
        public Task StopAsync(CancellationToken deadline) => stop(deadline);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

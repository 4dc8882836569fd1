using System.Diagnostics;
using System.Security.Cryptography;
using Broker.Agent.Commands;
using Broker.Agent.Native;
using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Links.Agents;
using Broker.Links.Tls;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;

namespace Broker.Agent.Tests;

/// <summary>What the executable does with the world around it: a broker, programs that it starts, and one that will not end.</summary>
[Collection(SecretsCollection.Name)]
public sealed class ExecutableSpecs
{
    [Fact]
    public async Task Enrolment_should_succeed_once_and_leave_no_token()
    {
        using var installation = new Installation();
        using var directory = new TemporaryDirectory();
        await using var server = await DmzServer.ForEnrolmentAsync(installation.Dmz, app =>
        {
            app.MapRoot(installation.Trust);
            app.MapPost("/v1/enrol", async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                await context.Response.Body.WriteAsync(Answer(installation, body.ToArray()).ToByteArray());
            });
        });
        using var token = EnrolmentToken.Create(
            new EnrolmentTerms(
                Installation.Cluster, Installation.Customer, Installation.Agent, "i-1", [server.Address.Authority],
                installation.Trust.Fingerprint,
                installation.Secret.Identity.Fingerprint, Installation.Now.AddMinutes(15)),
            SystemRandom.Fill);
        using (var text = token.Write())
            File.WriteAllBytes(directory["token"], text.Span.ToArray());
        File.SetUnixFileMode(directory["token"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(directory["agent.conf"], $$"""
            broker.agent {
              dmz = ["{{server.Address.Authority}}"]
              secrets { capacity = 4MiB, crypto-heap = 64KiB }
              state.directory = "{{directory["state"]}}"
            }
            """);
        string[] enrol = ["enrol", "--config", directory["agent.conf"], "--token-file", directory["token"]];

        var (code, output, error) = await ProcessSpecs.Run(enrol);

        Assert.Equal((ExitCode.Success, ""), (code, error));
        Assert.StartsWith("enrolled as agent web-1 of customer acme in test-cluster", output, StringComparison.Ordinal);
        Assert.False(File.Exists(directory["token"]));
        using (var enrolled = Enrolled.Load(StateDirectory.Open(directory["state"], allowDisk: false), BootId.Read(), Installation.Now))
            Assert.Equal("agent/acme/web-1", enrolled.Link.Identity.Path);

        // Without its token it is not done twice; what it says is not what the token says.
        Assert.Equal(ExitCode.Refused, (await ProcessSpecs.Run(enrol)).Code);
    }

    [Fact]
    public async Task Agent_whose_program_does_not_end_should_say_so_by_its_exit_code()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var config = ProcessSpecs.Configure(
            world,
            $$"""
            stay { mode = stdin, stop-timeout = 10m, output = inherit
              command = ["/bin/sh", "-c", "trap '' TERM; cat >/dev/null; echo $$ >{{world.Directory["pid"]}}; while :; do sleep 1; done"] }
            """,
            "stop-timeout = 500ms");
        using var agent = ProcessSpecs.Start("run", "--config", config);
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("a", "stay", "abc")));
        await owner.Expect(MessageType.Acknowledged, "");
        await Eventually.True(() => world.Read("pid").EndsWith('\n'), "the program runs");
        try
        {
            _ = LibC.Kill(agent.Id, LibC.SignalTerminate);
            await agent.WaitForExitAsync();
            Assert.Equal(ExitCode.NotStopped, agent.ExitCode);
        }
        finally
        {
            using var child = Running(int.Parse(world.Read("pid"), System.Globalization.CultureInfo.InvariantCulture));
            child?.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Output_of_a_program_should_be_the_agents_where_it_is_inherited()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var config = ProcessSpecs.Configure(world, """
            say { mode = stdin, output = inherit, command = ["/bin/sh", "-c", "wc -c; echo to-the-error >&2"] }
            hush { mode = stdin, command = ["/bin/sh", "-c", "cat; echo not-to-be-seen"] }
            """);
        using var agent = ProcessSpecs.Start("run", "--config", config);
        var (output, error) = (agent.StandardOutput.ReadToEndAsync(), agent.StandardError.ReadToEndAsync());
        var owner = await world.Connect();
        byte handOff = 0;
        foreach (var use in new[] { "say", "hush" })
        {
            await owner.Send(owner.Seal(++handOff, 1, ("a", use, "seven77")));
            await owner.Expect(MessageType.Acknowledged, "");
            await owner.Expect(MessageType.UseEnded, "exit-0");
        }

        _ = LibC.Kill(agent.Id, LibC.SignalTerminate);
        await owner.Goodbye();
        await owner.DisposeAsync();
        await agent.WaitForExitAsync();
        Assert.Contains((await output).Split('\n'), static line => line.Trim() == "7");
        Assert.Contains("to-the-error", await error, StringComparison.Ordinal);
        Assert.DoesNotContain("not-to-be-seen", await output, StringComparison.Ordinal);
        Assert.DoesNotContain("seven77", await output + await error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Openssl_should_sign_with_a_key_that_it_reads_from_a_memory_file()
    {
        const string OpenSsl = "/usr/bin/openssl";
        Skip.IfNot(File.Exists(OpenSsl), "openssl is not installed");
        await using var world = await AgentWorld.StartAsync(start: false);
        File.WriteAllText(world.Directory["data"], "what is signed");
        var config = ProcessSpecs.Configure(world, $$"""
            sign { mode = file
              command = ["{{OpenSsl}}", "dgst", "-sha256", "-sign", "{file:key}", "-out", "{{world.Directory["signature"]}}",
                "{{world.Directory["data"]}}"] }
            """);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var agent = ProcessSpecs.Start("run", "--config", config);
        var owner = await world.Connect();

        await owner.Send(owner.Seal(1, 1, ("key", "sign", key.ExportPkcs8PrivateKeyPem())));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.Expect(MessageType.UseEnded, "exit-0");

        Assert.True(key.VerifyData(
            "what is signed"u8, File.ReadAllBytes(world.Directory["signature"]), HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence));
        _ = LibC.Kill(agent.Id, LibC.SignalTerminate);
        await owner.Goodbye();
        await owner.DisposeAsync();
        await agent.WaitForExitAsync();
    }

    [Fact]
    public async Task Frame_that_is_larger_than_frames_are_should_end_the_link_with_its_code()
    {
        await using var world = await AgentWorld.StartAsync(start: false);
        var said = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await DmzServer.ForBytesAsync(world.Installation.Dmz, new byte[FrameSocket.MaxFrameBytes + 1], said);
        var config = ProcessSpecs.Configure(world);
        File.AppendAllText(config, $"\nbroker.agent.dmz = [\"{node.Address.Authority}\"]\n");
        using var agent = ProcessSpecs.Start("run", "--config", config);

        var answer = Frame.Parser.ParseFrom(await Eventually.Within(said.Task, "the agent's answer"));

        Assert.Equal(AgentLinkException.TooLarge, answer.Goodbye.Code);
        Assert.False(agent.HasExited);
        _ = LibC.Kill(agent.Id, LibC.SignalTerminate);
        await agent.WaitForExitAsync();
        Assert.Equal(ExitCode.Success, agent.ExitCode);
    }

    private static EnrolReply Answer(Installation installation, byte[] body)
    {
        var asked = Statement.Read<AgentRequest>(EnrolRequest.Parser.ParseFrom(body).Statement.Span);
        var grant = installation.Secret.Sign(installation.Grant(asked.Key, asked.Boot));
        var reply = new EnrolReply
        {
            Grant = ByteString.CopyFrom(grant.Statement.Span),
            GrantSignature = ByteString.CopyFrom(grant.Signature.Span),
            Identity = ByteString.CopyFrom(installation.Secret.Identity.Bytes.Span),
        };
        reply.Certificates.AddRange(installation.Certificates(asked.Key).Select(static c => ByteString.CopyFrom(c)));
        return reply;
    }

    private static Process? Running(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

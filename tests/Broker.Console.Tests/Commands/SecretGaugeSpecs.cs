using Broker.Console.Tests.Support;
using Broker.Secrets;

namespace Broker.Console.Tests.Commands;

/// <summary>Alone, since the gauge counts the whole process.</summary>
[CollectionDefinition(nameof(SecretGaugeSpecs), DisableParallelization = true)]
[Collection(nameof(SecretGaugeSpecs))]
public sealed class SecretGaugeSpecs
{
    [Fact]
    public async Task No_command_should_leave_a_secret_behind_however_it_ends()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await File.WriteAllBytesAsync(world.File("secret"), new byte[10_000]);
        await File.WriteAllBytesAsync(world.File("long"), new byte[(1 << 20) + 1]);
        var commands = new (int Exit, string Line)[]
        {
            (0, $"credential put a -c acme --kind opaque --file {world.File("secret")}"),
            (2, $"credential put a -c acme --kind opaque --file {world.File("long")}"),
            (2, $"credential put a -c acme --kind opaque --user nobody --file {world.File("secret")}"),
            (0, $"agent invite a -c acme --instance i --token-file {world.File("token")}"),
            (2, $"agent invite a -c acme --instance i --token-file {world.File("token")}"),
            (2, $"customer confirm acme --custodian nobody --share {world.Share("carol")}"),
            (7, $"customer confirm acme --custodian dave --share {world.Share("carol")}"),
            (1, $"customer confirm acme --custodian carol --share {world.Share("carol")}"),
            (0, "key new user --name more"),
        };
        var before = SecretMemory.Default.LiveBuffers;
        foreach (var (exit, line) in commands)
        {
            var ran = await world.Console.RunAsync(line.Split(' '));
            Assert.True(ran.Exit == exit, $"{line} exited with {ran.Exit}: {ran.Error}");
            var now = SecretMemory.Default.LiveBuffers;

            // Less than before is an earlier test's buffer that the collector found.
            Assert.True(now <= before, $"{line} left {now - before} secrets");
            before = now;
        }
    }
}

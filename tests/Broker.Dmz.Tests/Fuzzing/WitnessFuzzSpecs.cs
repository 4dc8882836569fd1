using Broker.Dmz.Witnesses;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Fuzzing;

/// <summary>
/// A witness file, damaged: it tells a head that was written, or none; a torn write does not take the head before it along.
/// </summary>
public sealed class WitnessFuzzSpecs : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("witness-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Damaged_witness_should_tell_only_what_was_written()
    {
        var (cluster, customer) = (Name.Parse("cluster"), Name.Parse("acme"));
        var witness = new WitnessFile(_directory.FullName, cluster, customer);
        var roots = Enumerable.Range(0, 4).Select(static i => Digest.Of([(byte)i])).ToArray();
        for (var counter = 1; counter < roots.Length; counter++)
            witness.Write((ulong)counter, roots[counter], committed: true);
        var path = Path.Combine(_directory.FullName, "acme");
        var valid = File.ReadAllBytes(path);
        var none = 0;
        Fuzz.Each(2000, random =>
        {
            File.WriteAllBytes(path, Damage.Of(valid, random));
            if (witness.Read() is { } head)
                Assert.Equal(roots[head.Counter], head.Root);
            else
                none++;
        });
        Assert.InRange(none, 10, 1990);
    }
}

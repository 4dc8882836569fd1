using Google.Protobuf.Reflection;

namespace Broker.Protocol.Tests.Baselines;

/// <summary>Names, numbers and types of the links' messages. Numbers are never given anew, types never changed.</summary>
public class WireBaselineSpecs
{
    [Fact]
    public void Agent_link_should_be_that_of_the_baseline() =>
        Baseline.Check("agent-wire.txt", Lines(Wire.Agent.AgentReflection.Descriptor));

    [Fact]
    public void Zone_link_should_be_that_of_the_baseline() =>
        Baseline.Check("zone-wire.txt", Lines(Wire.Zone.ZoneReflection.Descriptor));

    [Fact]
    public void Peer_link_should_be_that_of_the_baseline() =>
        Baseline.Check("peer-wire.txt", Lines(Wire.Peer.PeerReflection.Descriptor));

    // Architecture, Links: no link carries type names or anything polymorphic.
    [Theory]
    [InlineData("agent-wire.txt")]
    [InlineData("zone-wire.txt")]
    [InlineData("peer-wire.txt")]
    public void Links_should_carry_a_closed_set(string file) =>
        Assert.DoesNotContain(Baseline.Lines(file), l => l.Contains("google.protobuf", StringComparison.Ordinal));

    private static List<string> Lines(FileDescriptor file) =>
        [$"package {file.Package}", .. file.MessageTypes.OrderBy(m => m.FullName, StringComparer.Ordinal).SelectMany(Lines)];

    private static IEnumerable<string> Lines(MessageDescriptor message) =>
    [
        $"message {message.FullName}",
        .. message.Fields.InFieldNumberOrder().Select(f => $"  {f.FieldNumber} {f.Name}: {Label(f)}{Type(f)}"),
        .. message.NestedTypes.SelectMany(Lines),
    ];

    private static string Label(FieldDescriptor field) =>
        field.IsRepeated ? "repeated " :
        field.RealContainingOneof is { } oneof ? $"oneof {oneof.Name} " :
        field.ContainingOneof is not null ? "optional " : "";

    private static string Type(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message or FieldType.Group => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        var type => type.ToString().ToUpperInvariant(),
    };
}

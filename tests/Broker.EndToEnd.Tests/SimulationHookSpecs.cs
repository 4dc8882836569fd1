using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// Replayed worlds put their own arithmetic below the product's cryptography, by fields that only tests see. Nothing that ships may
/// write those fields: the code of each executable is searched for instructions that could.
/// </summary>
public sealed class SimulationHookSpecs
{
    private const byte StoreStaticField = 0x80;
    private const byte LoadStaticFieldAddress = 0x7f;

    private static readonly string[] Hooks = ["SimulatedArithmetic.Current", "SimulatedSecrets.Current"];

    [Fact]
    public void No_code_that_ships_should_be_able_to_set_a_simulation()
    {
        var assemblies = new[] { "Broker.CredentialZone", "Broker.Dmz", "Broker.Agent", "Broker.Console" }
            .SelectMany(Executables.Assemblies).ToList();
        var seen = assemblies.SelectMany(a => FieldsUsed(a, 0x7e)).ToHashSet();
        Assert.All(Hooks, hook => Assert.Contains(hook, seen));
        var simulating = FieldsUsed(Executables.SimulationTests, StoreStaticField);
        Assert.All(Hooks, hook => Assert.Contains(hook, simulating));
        Assert.Empty(assemblies
            .SelectMany(a => FieldsUsed(a, StoreStaticField, LoadStaticFieldAddress).Where(Hooks.Contains).Select(
                f => $"{Path.GetFileName(a)} sets {f}")));
    }

    /// <summary>
    /// The fields that instructions of these codes could name. Bytes that only look like an instruction count too: there may be one too
    /// many, never one too few.
    /// </summary>
    private static List<string> FieldsUsed(string assembly, params byte[] codes)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var found = new List<string>();
        foreach (var method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(
            static m => m.RelativeVirtualAddress != 0))
        {
            var code = file.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!;
            for (var at = 0; at + 5 <= code.Length; at++)
            {
                if (codes.Contains(code[at]) && Field(metadata, BitConverter.ToInt32(code, at + 1)) is { } field)
                    found.Add(field);
            }
        }

        return found;
    }

    private static string? Field(MetadataReader metadata, int token)
    {
        var row = token & 0xffffff;
        switch ((token >> 24) & 0xff)
        {
            case (int)TableIndex.Field when row > 0 && row <= metadata.FieldDefinitions.Count:
                var field = metadata.GetFieldDefinition(MetadataTokens.FieldDefinitionHandle(row));
                return $"{metadata.GetString(metadata.GetTypeDefinition(field.GetDeclaringType()).Name)}.{metadata.GetString(field.Name)}";
            case (int)TableIndex.MemberRef when row > 0 && row <= metadata.MemberReferences.Count:
                var member = metadata.GetMemberReference(MetadataTokens.MemberReferenceHandle(row));
                if (member.Parent.Kind != HandleKind.TypeReference)
                    return null;
                var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
                return $"{metadata.GetString(type.Name)}.{metadata.GetString(member.Name)}";
            default:
                return null;
        }
    }
}

using System.Reflection;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Tests.Directory;

public class EntryKeySpecs
{
    [Fact]
    public void Leaf_keys_should_differ_by_type_and_id()
    {
        var (a, b) = (Name.Parse("a"), Name.Parse("b"));
        EntryKey[] keys =
        [
            EntryKey.User(a), EntryKey.User(b), EntryKey.Grant(a), EntryKey.Policy(a), EntryKey.Credential(a), EntryKey.Row(a, 1),
            EntryKey.Row(a, 11), EntryKey.Row(Name.Parse("a1"), 1), EntryKey.Custody(1), EntryKey.Custody(2),
            EntryKey.Request(a, default), EntryKey.Request(b, default),
            EntryKey.Request(a, new Id16([.. Enumerable.Repeat((byte)1, Id16.Length)])),
        ];
        Assert.Equal(keys.Length, keys.Select(k => k.LeafKey).Distinct().Count());
        Assert.Equal(new EncWriter("broker/leaf/1").Text("row").Text("a/11").Hash(), EntryKey.Row(a, 11).LeafKey);
        Assert.NotEqual(new EntryKey("ab", "c").LeafKey, new EntryKey("a", "bc").LeafKey);
    }

    [Fact]
    public void Types_should_list_every_constant() => Assert.Equal(
        typeof(EntryKey).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral)
            .Select(f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal),
        EntryKey.Types.Order(StringComparer.Ordinal));

    [Fact]
    public void Kinds_and_roles_should_read_back_and_nothing_else_be_read()
    {
        Assert.All(Enum.GetValues<CredentialKind>(), kind => Assert.Equal(kind, CredentialKinds.Parse(kind.ToText())));
        Assert.All(Enum.GetValues<Role>(), role => Assert.Equal(role, Roles.Parse(role.ToText())));
        foreach (var text in (string[])["", "Password", "password ", "0", "root"])
        {
            Assert.Throws<MalformedException>(() => CredentialKinds.Parse(text));
            Assert.Throws<MalformedException>(() => Roles.Parse(text));
        }
    }
}

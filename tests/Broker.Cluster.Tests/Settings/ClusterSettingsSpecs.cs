using Broker.Cluster.Tests.Support;
using Broker.Configuration;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Cluster.Tests.Settings;

public sealed class ClusterSettingsSpecs
{
    private static readonly string Reference = Path.Combine(
        AppContext.BaseDirectory, "..", "..", "..", "..", "..", "hocon", "reference.conf");

    [Fact]
    public void Static_membership_should_be_the_default_and_need_nothing()
    {
        var settings = Read("");
        Assert.Equal(new ClusterSettings(MembershipKind.Static, 2, TimeSpan.FromMinutes(2), null), settings);
    }

    [Fact]
    public void Etcd_should_need_its_addresses_and_its_files()
    {
        var error = Assert.Throws<HoconException>(() => Read("membership = etcd"));
        foreach (var key in new[] { "endpoints", "ca", "certificate", "key" })
            Assert.Contains($"broker.dmz.cluster.etcd.{key}", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<HoconException>(
            () => Read("membership = etcd, etcd { endpoints = [\"http://10.0.0.8:2379\"], ca = a, certificate = b, key = c }"));
        Assert.Contains("mutual TLS only", error.Message, StringComparison.Ordinal);
        Assert.Throws<HoconException>(
            () => Read("membership = etcd, etcd { endpoints = [\"https://10.0.0.8:2379/x\"], ca = a, certificate = b, key = c }"));
        Assert.Throws<HoconException>(() => Read("membership = gossip"));
        Assert.Throws<HoconException>(() => Read("holders = 0"));
        Assert.Throws<HoconException>(() => Read("etcd.ttl = 2 s"));
        Assert.Throws<HoconException>(() => Read("etcd.secret = x"));
    }

    [Fact]
    public async Task Membership_should_be_made_of_what_the_settings_name()
    {
        using var authority = new EtcdAuthority();
        var (certificate, key) = authority.Issue("dmz-1");
        var settings = Read($$"""
            membership = etcd, holders = 3
            etcd { endpoints = ["https://127.0.0.1:1"], ca = "{{authority.Authority}}", certificate = "{{certificate}}", key = "{{key}}" }
            """);
        Assert.Equal((3, TimeSpan.FromSeconds(10)), (settings.Holders, settings.Etcd!.Ttl));
        await using (Create(settings))
        {
        }

        File.Delete(key);
        Assert.Throws<InstallationKeyException>(() => Create(settings));
    }

    private static EtcdMembership Create(ClusterSettings settings) => EtcdMembership.Create(
        settings.Etcd!, Name.Parse("test-cluster"), TimeProvider.System, NullLogger.Instance);

    private static ClusterSettings Read(string section)
    {
        var overlay = Path.GetTempFileName();
        try
        {
            File.WriteAllText(overlay, $"broker.dmz.cluster {{ {section} }}");
            return Bind(HoconDocument.Load([Reference, overlay], static _ => null));
        }
        finally
        {
            File.Delete(overlay);
        }
    }

    private static ClusterSettings Bind(HoconDocument document)
    {
        var reader = new SettingsReader(document);
        var settings = ClusterSettings.Read(reader.Section("broker.dmz"));
        reader.ThrowIfInvalid("broker.dmz.cluster");
        return settings;
    }
}

using Microsoft.Extensions.Configuration;

namespace Broker.Configuration;

/// <summary>Gives the flattened content to a provider. A document does not change, so neither does what is given.</summary>
internal sealed class HoconConfigurationSource(HoconValue? content) : IConfigurationSource
{
    private readonly Dictionary<string, string?> _data = Flattener.Flatten(content);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider(_data);

    private sealed class Provider : ConfigurationProvider
    {
        public Provider(Dictionary<string, string?> data) => Data = new Dictionary<string, string?>(data, StringComparer.OrdinalIgnoreCase);
    }
}

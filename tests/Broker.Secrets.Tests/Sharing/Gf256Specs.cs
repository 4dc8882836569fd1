namespace Broker.Secrets.Tests;

public sealed class Gf256Specs
{
    [Fact]
    public void Product_should_be_the_long_multiplication_reduced_by_the_AES_polynomial()
    {
        for (var a = 0; a < 256; a++)
        {
            for (var b = 0; b < 256; b++)
            {
                var product = 0;
                for (var bit = 0; bit < 8; bit++)
                    product ^= (b >> bit & 1) == 1 ? a << bit : 0;
                for (var bit = 14; bit >= 8; bit--)
                    product ^= (product >> bit & 1) == 1 ? 0x11b << (bit - 8) : 0;

                Assert.Equal(product, Gf256.Multiply((byte)a, (byte)b));
            }
        }
    }

    [Fact]
    public void Inverse_should_undo_every_element_but_zero()
    {
        for (var a = 1; a < 256; a++)
            Assert.Equal(1, Gf256.Multiply((byte)a, Gf256.Invert((byte)a)));

        Assert.Equal(0, Gf256.Invert(0));
    }
}

using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using TinyWorker.Processes.Functions;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>A function is rebuilt only by the build that described it.</summary>
internal sealed class BuildTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("tinyworker-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Rebuild_OfAnotherBuildOfTheAssembly_SaysWhichAndWhatToDo()
    {
        var bytes = TravellingFunction.Describe((int x) => x + 1, "function").Bytes.ToArray();
        var build = typeof(BuildTests).Module.ModuleVersionId.ToByteArray();
        bytes[bytes.AsSpan().IndexOf(build)] ^= 1;
        var error = Assert.Throws<InvalidOperationException>(() => TravellingFunction.Rebuild(bytes))!;
        Assert.That(error.Message, Does.Contain(nameof(Rebuild_OfAnotherBuildOfTheAssembly_SaysWhichAndWhatToDo)));
        Assert.That(
            error.Message,
            Does.Contain("another build of 'TinyWorker.Tests, ").And.Contain(typeof(BuildTests).Module.ModuleVersionId.ToString()));
        Assert.That(error.Message, Does.Contain(typeof(BuildTests).Assembly.Location).And.Contain("restart the program"));
    }

    [Test]
    public void Rebuild_OfDamagedBytes_NeverDoesAnythingButThrow()
    {
        var captured = 1;
        var bytes = TravellingFunction.Describe((int x) => x + captured, "function").Bytes;
        for (var length = 0; length < bytes.Length; length++)
            Assert.That(() => TravellingFunction.Rebuild(bytes[..length]), Throws.InvalidOperationException, $"the first {length} bytes");
        Assert.That(() => TravellingFunction.Rebuild([.. bytes, 0]), Throws.InvalidOperationException);
        Assert.That(() => TravellingFunction.Rebuild([0, .. bytes]), Throws.InvalidOperationException);
    }

    [Test]
    public void Rebuild_OfAKindThatIsNone_Throws()
    {
        string? nothing = null;
        var bytes = TravellingFunction.Describe(() => nothing, "function").Bytes.ToArray();
        Assert.That(bytes[^1], Is.EqualTo((byte)ValueKind.Null));
        bytes[^1] = 99;
        Assert.That(() => TravellingFunction.Rebuild(bytes), Throws.InvalidOperationException.With.Message.Contains("damaged"));
    }

    [Test]
    public void Rebuild_WhereAMethodOrAVariableHasAnotherName_SaysWhich()
    {
        var captured = 1;
        var method = Renamed(TravellingFunction.Describe((Func<int, string>)NameOf<int>, "function").Bytes, nameof(NameOf), "NameIf");
        var variable = Renamed(TravellingFunction.Describe((int x) => x + captured, "function").Bytes, nameof(captured), "cupturad");
        Assert.That(
            () => TravellingFunction.Rebuild(method),
            Throws.InvalidOperationException.With.Message.Contains("'NameIf' is not where it was: 'NameOf' is there"));
        Assert.That(
            () => TravellingFunction.Rebuild(variable),
            Throws.InvalidOperationException.With.Message.Contains("'cupturad' is not where it was"));

        static byte[] Renamed(byte[] bytes, string from, string to)
        {
            var changed = bytes.ToArray();
            Encoding.UTF8.GetBytes(to).CopyTo(changed, changed.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(from)));
            return changed;
        }
    }

    [Test]
    public void Assembly_OfASingleFileThatIsNotThere_IsNamedAsMissing() =>
        Assert.That(
            () => new DescribedAssembly("No.Such, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null", Guid.NewGuid(), "").Load(),
            Throws.InvalidOperationException.With.Message.Contains("cannot load 'No.Such, ").And.Message.EndsWith("which its parent has."));

    [Test]
    public void Assembly_ThatOnlyItsPathLeadsTo_IsLoadedFromThere()
    {
        var function = MadeAssembly.FunctionOf(LoadOnItsOwn("TinyWorkerMade1", "!"));
        Assert.That(Call(function), Is.EqualTo("a!"));
    }

    [Test]
    public void Assembly_ThatWasBuiltAnewMeanwhile_IsRefused()
    {
        var function = MadeAssembly.FunctionOf(LoadOnItsOwn("TinyWorkerMade2", "!"));
        Write("TinyWorkerMade2", "?");
        Assert.That(Call(function), Does.StartWith("ERROR").And.Contain("another build of 'TinyWorkerMade2, "));
    }

    [Test]
    public void Assembly_ThatIsGoneMeanwhile_IsNamedAsMissing()
    {
        var function = MadeAssembly.FunctionOf(LoadOnItsOwn("TinyWorkerMade3", "!"));
        File.Delete(Path.Combine(_folder, "TinyWorkerMade3.dll"));
        Assert.That(Call(function), Does.StartWith("ERROR").And.Contain("cannot load 'TinyWorkerMade3, ").And.Contain(_folder));
    }

    [Test]
    public void Assembly_InMemoryAlone_IsRefused()
    {
        using var stream = new MemoryStream();
        MadeAssembly.Save("TinyWorkerMade4", "!", stream);
        var loaded = MadeAssembly.FunctionOf(Assembly.Load(stream.ToArray()));
        Assert.That(Journey.Refusal(loaded), Does.Contain("'TinyWorkerMade4, ").And.Contain("loaded from memory"));
        Assert.That(Journey.Refusal(MadeAssembly.Run("TinyWorkerMade5", "!")), Does.Contain("compiled while the program runs"));
    }

    [Test]
    public void TypeArgument_OfAnAssemblyInMemoryAlone_IsRefused()
    {
        var type = MadeAssembly.Run("TinyWorkerMade6", "!").Method.DeclaringType!;
        var method = GetType().GetMethod(nameof(NameOf), BindingFlags.NonPublic | BindingFlags.Static)!;
        var function = method.MakeGenericMethod(type).CreateDelegate<Func<int, string>>();
        Assert.That(Journey.Refusal(function), Does.Contain("'TinyWorkerMade6, ").And.Contain("made while the program runs"));
    }

    // In a child, because a test host finds assemblies in its own ways.
    private static string Call(Func<string, string> function)
    {
        using var child = new FunctionChild();
        return child.Call(function, "a");
    }

    private static string NameOf<T>(int x) => typeof(T).Name + x;

    private Assembly LoadOnItsOwn(string name, string suffix)
    {
        Write(name, suffix);
        return new AssemblyLoadContext(name, isCollectible: true).LoadFromAssemblyPath(Path.Combine(_folder, name + ".dll"));
    }

    private void Write(string name, string suffix)
    {
        var path = Path.Combine(_folder, name + ".dll");
        // A new file instead of new content: the old file is mapped into this process.
        File.Delete(path);
        using var file = File.Create(path);
        MadeAssembly.Save(name, suffix, file);
    }
}
